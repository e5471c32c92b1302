"""What outlives the bridge: how far each client has acknowledged, and the broker's clock. One JSON file, replaced whole."""

import asyncio
import json
import logging
import os
import pathlib

from .account import AccountState

log = logging.getLogger("tapedeck_mt5")

SAVE_S = 1.0


class Client:
    """How far one client has what it subscribed to."""

    def __init__(self, state=None):
        state = state or {}
        # Symbol: last tick as (UTC in ms, place in that ms).
        self.ticks = {symbol: tuple(position) for symbol, position in state.get("ticks", {}).items()}
        self.account = AccountState.from_json(state["account"]) if state.get("account") else None

    def to_json(self):
        return {"ticks": self.ticks, "account": self.account.to_json() if self.account else None}


class Store:
    """The file `state.json` in a folder. A state that is older than the truth is harmless: clients then get some things
    twice, under the same identity."""

    def __init__(self, folder, clock):
        self._path = pathlib.Path(folder) / "state.json"
        self._clock = clock
        self._clients = {}
        self._saved = None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            self._load()

    def _load(self):
        try:
            state = json.loads(self._path.read_text())
            clients = {name: Client(client) for name, client in state["clients"].items()}
            self._clock.restore(state["clock"])
            self._clients = clients
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            aside = self._path.with_suffix(".damaged")
            os.replace(self._path, aside)
            log.error("%s cannot be read (%s) and was moved to %s; clients start anew", self._path, error, aside)

    def client(self, name):
        """The state of a client; a new one for a name not seen before."""
        return self._clients.setdefault(name, Client())

    def save(self):
        """Writes the state where it has changed."""
        clients = {name: client.to_json() for name, client in self._clients.items()}
        text = json.dumps({"clock": self._clock.to_state(), "clients": clients})
        if text == self._saved:
            return
        unfinished = self._path.with_suffix(".unfinished")
        with open(unfinished, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, self._path)
        self._saved = text

    async def keep(self):
        """Saves once a second until cancelled."""
        while True:
            try:
                self.save()
            except OSError as error:
                log.error("the state cannot be saved: %s", error)
            await asyncio.sleep(SAVE_S)
