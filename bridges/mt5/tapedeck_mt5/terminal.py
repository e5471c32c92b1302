"""The terminal, reached through the MetaTrader5 package: one thread for all calls, and a new start after a loss."""

import asyncio
import concurrent.futures
import dataclasses
import logging

log = logging.getLogger("tapedeck_mt5")

# RES_E_INTERNAL_FAIL … RES_E_INTERNAL_FAIL_TIMEOUT: the way to the terminal is gone, or never was there.
LOST = range(-10_005, -9_999)
# RES_E_AUTH_FAILED.
REFUSED = -6
FIRST_WAIT_S = 1.0
MAX_WAIT_S = 30.0


class TerminalError(Exception):
    """A call failed; `code` and `text` are those of `last_error()`."""

    def __init__(self, code, text, call):
        super().__init__(f"{call}: {text} ({code})")
        self.code, self.text = code, text
        # What had been read before the call failed.
        self.found = None

    @property
    def is_lost(self):
        return self.code in LOST


@dataclasses.dataclass(frozen=True)
class Login:
    """How to reach the terminal and its account; what is empty is left to the terminal."""

    path: str = ""
    user: int = 0
    password: str = dataclasses.field(default="", repr=False)
    server: str = ""


class Calls:
    """The functions of the package that the bridge needs. A failure becomes a `TerminalError`."""

    def __init__(self, mt5):
        self._mt5 = mt5

    def _checked(self, call, result):
        if result is None or result is False:
            raise TerminalError(*self._mt5.last_error(), call)
        return result

    def start(self, login):
        wanted = {"login": login.user, "password": login.password, "server": login.server}
        path = (login.path,) if login.path else ()
        result = self._mt5.initialize(*path, **{name: value for name, value in wanted.items() if value})
        self._checked("initialize", result)

    def stop(self):
        self._mt5.shutdown()

    def account(self):
        return self._checked("account_info", self._mt5.account_info())

    def select(self, symbol):
        return self._checked(f"symbol_select {symbol}", self._mt5.symbol_select(symbol, True))

    def last_tick(self, symbol):
        return self._checked(f"symbol_info_tick {symbol}", self._mt5.symbol_info_tick(symbol))

    def ticks(self, symbol, second, count):
        # Whole seconds: whether a fraction is taken or cut, nothing is missed.
        ticks = self._mt5.copy_ticks_from(symbol, second, count, self._mt5.COPY_TICKS_ALL)
        return self._checked(f"copy_ticks_from {symbol}", ticks)

    def positions(self):
        return self._checked("positions_get", self._mt5.positions_get())

    def deals(self, first, last):
        return self._checked("history_deals_get", self._mt5.history_deals_get(first, last))

    def deals_of(self, position):
        return self._checked("history_deals_get", self._mt5.history_deals_get(position=position))


class Terminal:
    """Runs calls one at a time, since the package is not made for several threads, and brings the terminal back."""

    def __init__(self, mt5, login, first_wait_s=FIRST_WAIT_S):
        self._calls = Calls(mt5)
        self._login = login
        self._first_wait_s = first_wait_s
        self._thread = concurrent.futures.ThreadPoolExecutor(1, "terminal")
        self._up = asyncio.Event()
        self._lost = asyncio.Event()
        self._lost.set()
        self.account = None
        self.error = None

    @property
    def is_up(self):
        return self._up.is_set()

    async def wait(self):
        """Waits until the terminal is there for the first time."""
        await self._up.wait()

    async def run(self, work):
        """Runs `work(calls)` on the terminal's thread.

        Raises TerminalError; after one that says that the terminal is lost, it is started anew.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._calls)
        except TerminalError as error:
            if error.is_lost:
                self._lose(error)
            raise

    def _lose(self, error):
        if self._up.is_set():
            log.warning("the terminal is gone: %s", error)
        self.error = error
        self._up.clear()
        self._lost.set()

    async def keep(self):
        """Starts the terminal, and again whenever it was lost, until cancelled."""
        wait_s = self._first_wait_s
        while True:
            await self._lost.wait()
            try:
                await self._start()
                wait_s = self._first_wait_s
            except TerminalError as error:
                self.error = error
                hint = "; check MT5_USER, MT5_PASSWORD and MT5_SERVER" if error.code == REFUSED else ""
                log.error("the terminal does not start: %s%s; next attempt in %.0f s", error, hint, wait_s)
                await asyncio.sleep(wait_s)
                wait_s = min(MAX_WAIT_S, wait_s * 2)

    async def _start(self):
        def work(calls):
            calls.stop()
            calls.start(self._login)
            return calls.account()

        account = await asyncio.get_running_loop().run_in_executor(self._thread, work, self._calls)
        self.account, self.error = account, None
        self._lost.clear()
        self._up.set()
        log.info("terminal connected: account %s at %s", account.login, account.server)

    def close(self):
        """Lets the terminal go."""
        self._thread.submit(self._calls.stop).result()
        self._thread.shutdown()
