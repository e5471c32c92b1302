"""What one client gets to see of the terminal: reads its symbols and its account, on the terminal's thread."""

import collections
import dataclasses
import logging

from .account import AccountWatch, Changes
from .terminal import TerminalError
from .ticks import TickCursor

log = logging.getLogger("tapedeck_mt5")

# Two looks at a symbol no farther apart than this tell that a tick between them has just happened.
WATCHED_MS = 1_000
# A symbol's history is read this often even where its last tick did not change: two ticks can be equal in everything.
READ_MS = 1_000
# Ticks of one look at most, so that a long catch-up of one symbol holds up no other.
TICKS_PER_LOOK = 20_000
# A symbol that the terminal refused is asked for again after so long.
RETRY_MS = 5_000
ACCOUNT_MS = 200


class Watch:
    """A symbol that is subscribed to."""

    def __init__(self):
        self.cursor = None
        self.is_selected = False
        self.tick = None
        self.looked_ms = 0
        self.read_ms = 0
        self.is_behind = True
        self.retry_ms = 0
        self.error = ""


@dataclasses.dataclass
class Found:
    """What one look found."""

    batches: list = dataclasses.field(default_factory=list)  # (symbol, Batch)
    errors: list = dataclasses.field(default_factory=list)  # (symbol, text)
    changes: Changes | None = None


class Reader:
    """Reads what a client wants from where it is. `add`, `remove` and `wants_account` are for the event loop, `read` is
    for the terminal's thread; what they share are a deque and a dictionary, each touched by single operations."""

    def __init__(self, client, clock, clock_ms):
        self._client = client
        self._clock = clock
        self._now = clock_ms
        self._watches = {}
        self._order = collections.deque()
        self._account = None
        self._account_ms = 0
        self.wants_account = False

    def add(self, symbol, start_ms):
        """Begins with a symbol: behind what the client has acknowledged, or at `start_ms` where it is new to it."""
        if symbol not in self._watches:
            self._client.ticks.setdefault(symbol, (start_ms, -1))
            self._watches[symbol] = Watch()
            self._order.append(symbol)

    def remove(self, symbol):
        if self._watches.pop(symbol, None) is not None:
            self._order.remove(symbol)

    def read(self, calls):
        """One look. A `TerminalError` carries what was read before it."""
        found = Found()
        try:
            self._read_ticks(calls, found)
            self._read_account(calls, found)
        except TerminalError as error:
            error.found = found
            raise
        return found

    def _read_ticks(self, calls, found):
        count = 0
        for _ in range(len(self._order)):
            if count >= TICKS_PER_LOOK:
                return
            # The next look goes on where this one ends.
            symbol = self._order[0]
            self._order.rotate(-1)
            watch = self._watches.get(symbol)
            if watch is None or self._now() < watch.retry_ms:
                continue
            try:
                batch = self._read_symbol(calls, symbol, watch)
            except TerminalError as error:
                if error.is_lost:
                    raise
                if watch.is_selected:
                    # A terminal that was started anew may have to be told again.
                    watch.is_selected = False
                    continue
                watch.retry_ms = self._now() + RETRY_MS
                if watch.error != str(error):
                    watch.error = str(error)
                    found.errors.append((symbol, watch.error))
                continue
            if batch:
                found.batches.append((symbol, batch))
                count += len(batch.ticks)

    def _read_symbol(self, calls, symbol, watch):
        if not watch.is_selected:
            calls.select(symbol)
            watch.is_selected = True
        tick, now = calls.last_tick(symbol), self._now()
        is_new = tick != watch.tick
        if is_new and watch.tick is not None and now - watch.looked_ms <= WATCHED_MS:
            if self._clock.observe(tick.time_msc, now):
                log.info("the broker's clock is %+g h from UTC", self._clock.offset_ms / 3_600_000)
        watch.tick, watch.looked_ms = tick, now
        if not self._clock.is_known or not (is_new or watch.is_behind or now - watch.read_ms >= READ_MS):
            return None
        if watch.cursor is None:
            watch.cursor = TickCursor(self._clock, self._client.ticks[symbol], now)
        batch = watch.cursor.read(lambda second, count: calls.ticks(symbol, second, count), now)
        watch.read_ms, watch.is_behind = now, batch is not None and batch.is_partial
        return batch

    def _read_account(self, calls, found):
        now = self._now()
        if not self.wants_account or not self._clock.is_known or now - self._account_ms < ACCOUNT_MS:
            return
        self._account_ms = now
        if self._account is None:
            self._account = AccountWatch(self._clock, self._client.account)
        found.changes = self._account.look(calls, now)
