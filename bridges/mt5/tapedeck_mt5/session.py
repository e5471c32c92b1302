"""One client's connection: what it asked for, read from the terminal at its own pace, acknowledged frame by frame."""

import asyncio
import collections
import functools
import json
import logging
import time

import websockets

from . import PROTOCOL, VERSION
from .account import AccountState
from .reader import Reader
from .terminal import TerminalError

log = logging.getLogger("tapedeck_mt5")

# Frames sent and not acknowledged at most.
WINDOW = 1_000
HEARTBEAT_MS = 5_000
TICKS_PER_FRAME = 2_000


def now_ms():
    """UTC by this machine's clock."""
    return time.time_ns() // 1_000_000


class BadRequest(Exception):
    """A message of the client that cannot be used."""


class Session:
    """Serves one connection."""

    def __init__(self, socket, name, client, terminal, clock, poll_s, clock_ms=now_ms):
        self._socket = socket
        self._name = name
        self._client = client
        self._terminal = terminal
        self._clock = clock
        self._poll_s = poll_s
        self._now = clock_ms
        self._reader = Reader(client, clock, clock_ms)
        self._sent = 0
        self._acknowledged = 0
        # Frames not acknowledged that move the client's state: number and what to do.
        self._pending = collections.deque()
        self._room = asyncio.Event()
        self._sent_ms = 0
        self._complaints = collections.deque(maxlen=100)
        self._said_up = True
        self._said_clock = None

    async def run(self):
        """Serves the connection to its end."""
        deliver = asyncio.create_task(self._deliver())
        receive = asyncio.create_task(self._receive())
        try:
            done, _ = await asyncio.wait((deliver, receive), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except websockets.ConnectionClosed:
            pass
        finally:
            for task in (deliver, receive):
                task.cancel()
            await asyncio.gather(deliver, receive, return_exceptions=True)

    # What the client says

    async def _receive(self):
        async for text in self._socket:
            try:
                message = json.loads(text)
                if not isinstance(message, dict):
                    raise BadRequest("a message is a JSON object")
                self._take(message)
            except (ValueError, BadRequest) as error:
                # Told by `_deliver`: whoever reads acknowledgements must not wait for them.
                self._complaints.append(str(error)[:300])

    def _take(self, message):
        kind = message.get("type")
        if kind == "ack":
            self._acknowledge(message.get("seq"))
        elif kind == "subscribe":
            self._subscribe(message)
        elif kind == "unsubscribe":
            for symbol in self._symbols(message):
                self._reader.remove(symbol)
            if message.get("account"):
                self._reader.wants_account = False
        else:
            raise BadRequest(f"unknown type {kind!r}; known are subscribe, unsubscribe, ack")

    @staticmethod
    def _symbols(message):
        symbols = message.get("symbols", [])
        if not isinstance(symbols, list) or not all(isinstance(symbol, str) and symbol for symbol in symbols):
            raise BadRequest("symbols is a list of names")
        return symbols

    def _subscribe(self, message):
        history_s = message.get("history_s", 0)
        if isinstance(history_s, bool) or not isinstance(history_s, (int, float)) or not 0 <= history_s <= 10**9:
            raise BadRequest("history_s is a number of seconds")
        start_ms = self._now() - int(history_s * 1000)
        for symbol in self._symbols(message):
            self._reader.add(symbol, start_ms)
        if message.get("account"):
            if self._client.account is None:
                self._client.account = AccountState(start_ms)
            self._reader.wants_account = True

    def _acknowledge(self, number):
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= self._sent:
            raise BadRequest(f"seq is not the number of a frame sent (1 to {self._sent})")
        while self._pending and self._pending[0][0] <= number:
            self._pending.popleft()[1]()
        self._acknowledged = max(self._acknowledged, number)
        self._room.set()

    # What the client gets

    async def _send(self, message, then=None):
        """Sends a numbered frame; `then` is done when it is acknowledged."""
        kind = message.pop("type")
        await self._send_text(kind, json.dumps(message, separators=(",", ":"), allow_nan=False)[1:], then)

    async def _send_text(self, kind, rest, then=None):
        while self._sent - self._acknowledged >= WINDOW:
            self._room.clear()
            await self._room.wait()
        self._sent += 1
        if then:
            self._pending.append((self._sent, then))
        self._sent_ms = self._now()
        await self._socket.send(f'{{"type":"{kind}","seq":{self._sent},{rest}')

    async def _deliver(self):
        account = self._terminal.account
        await self._send({"type": "hello", "protocol": PROTOCOL, "bridge": VERSION, "client": self._name,
                          "server": account and account.server, "account": account and account.login,
                          "currency": account and account.currency, "window": WINDOW})
        while True:
            await self._say_terminal()
            await self._say_clock()
            while self._complaints:
                await self._send({"type": "error", "code": "request", "message": self._complaints.popleft()})
            has_more = self._terminal.is_up and await self._look()
            if self._now() - self._sent_ms >= HEARTBEAT_MS:
                offset = self._clock.offset_ms
                await self._send({"type": "heartbeat", "utc_msc": self._now(), "terminal": self._terminal.is_up,
                                  "offset_s": None if offset is None else offset // 1000})
            if not has_more:
                await asyncio.sleep(self._poll_s)

    async def _look(self):
        """Sends what is new; true where there is more of it already."""
        try:
            found = await self._terminal.run(self._reader.read)
        except TerminalError as error:
            # What was read before the call that failed must not be lost: the cursors have moved.
            found = error.found
            if not error.is_lost:
                await self._send({"type": "error", "code": "terminal", "message": str(error)})
                await asyncio.sleep(1)
        for symbol, batch in found.batches:
            await self._send_ticks(symbol, batch)
        for symbol, text in found.errors:
            await self._send({"type": "error", "code": "symbol", "symbol": symbol, "message": text})
        if found.changes:
            await self._send_account(found.changes)
        return any(batch.is_partial for _, batch in found.batches)

    async def _send_ticks(self, symbol, batch):
        for first in range(0, len(batch.ticks), TICKS_PER_FRAME):
            part = batch.ticks[first:first + TICKS_PER_FRAME]
            rows = ",".join(f"[{time},{place},{bid!r},{ask!r},{last!r},{volume!r},{flags}]"
                            for time, place, bid, ask, last, volume, flags in part)
            position = part[-1][0] - batch.offset_ms, part[-1][1]
            await self._send_text(
                "ticks", f'"symbol":{json.dumps(symbol)},"offset_s":{batch.offset_ms // 1000},"ticks":[{rows}]}}',
                functools.partial(self._client.ticks.__setitem__, symbol, position))

    async def _send_account(self, changes):
        account = self._terminal.account
        await self._send(
            {"type": "account", "account": f"{account.login}@{account.server}", "currency": account.currency,
             "positions": changes.positions, "deals": changes.deals},
            functools.partial(setattr, self._client, "account", changes.state))

    async def _say_terminal(self):
        if self._terminal.is_up == self._said_up:
            return
        self._said_up = self._terminal.is_up
        error = self._terminal.error
        await self._send({"type": "terminal", "connected": self._said_up, "code": error.code if error else 1,
                          "message": str(error) if error else ""})

    async def _say_clock(self):
        clock = self._clock
        said = (clock.offset_ms, len(clock.eras), clock.problem)
        if said == self._said_clock:
            return
        self._said_clock = said
        state = "unknown" if not clock.is_known else "configured" if clock.is_configured else "detected"
        waiting = "" if clock.is_known else "waiting for fresh ticks that show the broker's clock"
        await self._send({"type": "clock", "state": state,
                          "offset_s": clock.offset_ms // 1000 if clock.is_known else None,
                          "since_msc": clock.eras[-1].since_ms if clock.is_known else None,
                          "message": clock.problem or waiting})
