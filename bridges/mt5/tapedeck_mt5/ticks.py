"""One symbol's ticks, each once.

A tick has no number, and several share a millisecond. What identifies it is its millisecond and its place among the
ticks of that millisecond, which the terminal always lists in the order in which they came. So nothing has to be
remembered but the last tick delivered, and a bridge started anew gives every tick the identity it had before.
"""

import array
import collections
import dataclasses

import numpy

from .clock import HOUR_MS, SLACK_MS

# Ticks asked for at once.
PAGE = 2_000
PAGE_MAX = 1 << 20
# A tick that lies farther in the future than this was made after a change of the broker's clock that is not known yet.
FUTURE_MS = 2 * 60_000
# How long back times are remembered, for the hour that a clock set back shows twice.
REMEMBERED_MS = 3 * HOUR_MS


@dataclasses.dataclass
class Batch:
    """Ticks of one symbol in their order, all with one offset of the broker's clock."""

    offset_ms: int
    # [time in ms of the broker's clock, place in that ms, bid, ask, last, volume, flags]
    ticks: list
    # True where more may be had at once.
    is_partial: bool


class TickCursor:
    """Where a symbol is read on.

    Position: the last tick delivered, as UTC in milliseconds and place in that millisecond; place -1 stands before the
    first tick of the millisecond.
    """

    def __init__(self, clock, position, now_ms):
        self._clock = clock
        utc_ms, place = position
        self._era = clock.era_at(utc_ms)
        self._time = utc_ms + self._offset
        self._done = place + 1
        # Ticks that an earlier era has delivered, by time: those of the first pass of an hour shown twice.
        self._taken = {}
        self._recent = array.array("q")
        self._must_count = self._repeats_hour() and self._time < self._hour_end()
        self._opened_ms = now_ms

    @property
    def _offset(self):
        return self._clock.eras[self._era].offset_ms

    def _repeats_hour(self):
        return self._era > 0 and self._offset < self._clock.eras[self._era - 1].offset_ms

    def _hour_end(self):
        """The end of the hour shown twice, in the broker's time."""
        return self._clock.eras[self._era].since_ms + self._clock.eras[self._era - 1].offset_ms

    def _era_end(self):
        """Where the ticks of this era end, in the broker's time; None in the last one."""
        if self._era + 1 == len(self._clock.eras):
            return None
        after = self._clock.eras[self._era + 1]
        end = after.since_ms + self._offset
        return end if after.offset_ms < self._offset else after.since_ms + after.offset_ms - SLACK_MS

    def read(self, fetch, now_ms):
        """The ticks behind the position, or None. `fetch(second, count)` gives `count` ticks from a second of the
        broker's time on, as `copy_ticks_from` does."""
        if self._must_count:
            self._count_first_pass(fetch)
        count = PAGE
        while True:
            ticks, is_full = self._page(fetch, self._time, count)
            times = ticks["time_msc"]
            places = self._places(times)
            end = self._era_end()
            limit = now_ms + self._offset + FUTURE_MS
            limit = limit if end is None else min(limit, end)
            fresh = ((times > self._time) | ((times == self._time) & (places >= self._done))) & (places >= 0)
            fresh &= times < limit
            if fresh.any():
                return self._take(ticks[fresh], places[fresh], is_full)
            if is_full and (len(times) == 0 or times[-1] < limit):
                # More ticks in one second than were asked for.
                if count == PAGE_MAX:
                    raise OverflowError(f"more than {PAGE_MAX} ticks in one second")
                count = min(PAGE_MAX, count * 8)
                continue
            if end is not None and now_ms >= self._clock.eras[self._era + 1].since_ms:
                self._enter_next_era()
                count = PAGE
                continue
            return None

    @staticmethod
    def _page(fetch, time, count):
        """Ticks in order of time; of a full page without the last millisecond, which may be cut."""
        ticks = fetch(time // 1000, count)
        is_full = len(ticks) >= count
        times = ticks["time_msc"]
        if len(times) > 1 and (times[1:] < times[:-1]).any():
            ticks = ticks[numpy.argsort(times, kind="stable")]
            times = ticks["time_msc"]
        if is_full:
            ticks = ticks[times < times[-1]]
        return ticks, is_full

    def _places(self, times):
        """The place of each tick among those of its millisecond; negative for those delivered in an earlier era."""
        if len(times) == 0:
            return numpy.zeros(0, dtype=numpy.int64)
        starts = numpy.flatnonzero(numpy.r_[True, times[1:] != times[:-1]])
        sizes = numpy.diff(numpy.r_[starts, len(times)])
        first = starts
        if self._taken:
            first = starts + numpy.array([self._taken.get(time, 0) for time in times[starts].tolist()])
        return numpy.arange(len(times)) - numpy.repeat(first, sizes)

    def _take(self, ticks, places, is_partial):
        rows = [[row[5], place, row[1], row[2], row[3], row[7], row[6]]
                for row, place in zip(ticks.tolist(), places.tolist())]
        self._time, self._done = rows[-1][0], rows[-1][1] + 1
        self._recent.extend(row[0] for row in rows)
        if self._recent[0] < self._time - 2 * REMEMBERED_MS:
            self._recent = array.array("q", (time for time in self._recent if time >= self._time - REMEMBERED_MS))
        return Batch(self._offset, rows, is_partial)

    def _enter_next_era(self):
        self._era += 1
        self._time = self._clock.eras[self._era].since_ms + self._offset - SLACK_MS
        self._done = 0
        self._taken = {}
        if self._repeats_hour():
            self._taken = dict(collections.Counter(time for time in self._recent if time >= self._time))

    def _count_first_pass(self, fetch):
        """Of an hour shown twice, when reading starts inside it: what lies ahead of the broker's clock is of the first
        pass, and so is what shares the position's millisecond. What lies between and is not delivered counts as second
        pass: rather twice than never."""
        self._must_count = False
        now = self._opened_ms + self._offset
        ticks, _ = self._page(fetch, self._time, PAGE_MAX)
        times = ticks["time_msc"]
        ahead = times[(times > now) & (times < self._hour_end())]
        self._taken = dict(collections.Counter(ahead.tolist()))
        if self._done > 0:
            self._taken[self._time] = max(0, int((times == self._time).sum()) - self._done)
