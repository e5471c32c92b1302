"""The broker's clock.

MetaTrader labels its times UTC, but they are the wall clock of the broker's server, mostly two or three hours ahead of
UTC, with a daylight saving rule of the broker's choice. How far ahead is measured: a tick that appears between two looks
less than a second apart has just happened, so its time less the UTC clock, rounded to a quarter of an hour, is the
offset. Offsets are kept as eras, so that history is converted with the offset that held then.
"""

import dataclasses
import datetime

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
STEP_MS = 15 * MINUTE_MS
# A tick whose time lies farther than this from a whole quarter of an hour tells nothing: it is late, or this machine's
# clock is wrong.
TOLERANCE_MS = MINUTE_MS
# A change of offset is believed after ticks of this many looks that agree over this long. Ticks that the terminal fills
# in after an outage run by faster than the clock and do not agree.
AGREEING_TICKS = 3
AGREEING_MS = 5_000
# Tick times of different symbols around a change may lie so far on the other side of it.
SLACK_MS = MINUTE_MS
# An offset confirmed more than this before a change was not watched changing.
WATCHED_MS = 2 * HOUR_MS


@dataclasses.dataclass(frozen=True)
class Era:
    """From `since_ms` (UTC) on the broker's clock is `offset_ms` ahead of UTC."""

    since_ms: int
    offset_ms: int


@dataclasses.dataclass
class Candidate:
    """An offset that ticks speak for and that is not believed yet."""

    offset_ms: int
    first_look_ms: int
    first_tick_ms: int
    ticks: int


class BrokerClock:
    """Which offset held when. All times are milliseconds since 1970."""

    def __init__(self, configured_ms=None, agreeing_ms=AGREEING_MS):
        self.is_configured = configured_ms is not None
        self.eras = [Era(0, configured_ms)] if self.is_configured else []
        self.confirmed_ms = 0
        self.problem = ""
        self._agreeing_ms = agreeing_ms
        self._candidate = None

    @property
    def is_known(self):
        return bool(self.eras)

    @property
    def offset_ms(self):
        """The offset that holds now; None where it is not known."""
        return self.eras[-1].offset_ms if self.eras else None

    def era_at(self, utc_ms):
        """The number of the era in which a moment lies."""
        return max((index for index, era in enumerate(self.eras) if era.since_ms <= utc_ms), default=0)

    def to_broker(self, utc_ms):
        """A moment as the broker's clock showed it."""
        return utc_ms + self.eras[self.era_at(utc_ms)].offset_ms

    def to_utc(self, broker_ms):
        """The era, and the moment, that a time of the broker's clock means. In the hour that a clock set back shows
        twice, it is the later one."""
        chosen, least = 0, None
        for index, era in enumerate(self.eras):
            utc_ms = broker_ms - era.offset_ms
            end_ms = self.eras[index + 1].since_ms if index + 1 < len(self.eras) else utc_ms + 1
            miss = max(era.since_ms - utc_ms, utc_ms - end_ms + 1, 0)
            if least is None or miss <= least:
                chosen, least = index, miss
        return chosen, broker_ms - self.eras[chosen].offset_ms

    def observe(self, broker_ms, utc_ms):
        """Takes in the time of a tick that appeared just now. Returns true where an offset was found or changed."""
        if self.is_configured:
            return False
        difference = broker_ms - utc_ms
        offset = round(difference / STEP_MS) * STEP_MS
        if abs(difference - offset) > TOLERANCE_MS or not -12 * HOUR_MS <= offset <= 14 * HOUR_MS:
            if not self.is_known:
                self.problem = (f"fresh ticks are {difference / 1000:.0f} s ahead of this machine's clock, which is no "
                                "whole number of quarter hours: check that this machine's clock is synchronized")
            return False
        self.problem = ""
        if offset == self.offset_ms:
            self._candidate, self.confirmed_ms = None, utc_ms
            return False
        candidate = self._candidate
        if candidate is None or candidate.offset_ms != offset:
            self._candidate = Candidate(offset, utc_ms, broker_ms - offset, 1)
            return False
        candidate.ticks += 1
        if candidate.ticks < AGREEING_TICKS or utc_ms - candidate.first_look_ms < self._agreeing_ms:
            return False
        self._adopt(candidate)
        self._candidate, self.confirmed_ms = None, utc_ms
        return True

    def _adopt(self, candidate):
        if not self.eras:
            since_ms = 0
        elif candidate.first_tick_ms - self.confirmed_ms <= WATCHED_MS:
            since_ms = candidate.first_tick_ms
        else:
            since_ms = unwatched_change(self.confirmed_ms, candidate.first_tick_ms,
                                        candidate.offset_ms > self.offset_ms)
        self.eras.append(Era(since_ms, candidate.offset_ms))

    def to_state(self):
        """What is kept from run to run."""
        return {"confirmed_ms": self.confirmed_ms, "eras": [[era.since_ms, era.offset_ms] for era in self.eras]}

    def restore(self, state):
        """Takes over what an earlier run knew."""
        if self.is_configured:
            return
        self.eras = [Era(int(since), int(offset)) for since, offset in state.get("eras", [])]
        self.confirmed_ms = int(state.get("confirmed_ms", 0))


def unwatched_change(after_ms, before_ms, is_forward):
    """When a clock that nobody watched was set: at the first daylight saving change of the European Union or the United
    States in between (brokers follow one of the two), else at the end."""
    years = range(utc(after_ms).year, utc(before_ms).year + 1)
    changes = sorted(change for year in years for change in daylight_changes(year, is_forward))
    return next((change for change in changes if after_ms < change <= before_ms), before_ms)


def daylight_changes(year, is_forward):
    """The moments (UTC) when the European Union and the United States (at New York) set their clocks.

    Source: Directive 2000/84/EC; Energy Policy Act of 2005, section 110.
    """
    if is_forward:
        return [_sunday(year, 3, last=True, hour=1), _sunday(year, 3, number=2, hour=7)]
    return [_sunday(year, 10, last=True, hour=1), _sunday(year, 11, number=1, hour=6)]


def _sunday(year, month, number=1, last=False, hour=0):
    if last:
        end = datetime.datetime(year, month, 31, hour, tzinfo=datetime.timezone.utc)
        day = end - datetime.timedelta(days=(end.weekday() + 1) % 7)
    else:
        start = datetime.datetime(year, month, 1, hour, tzinfo=datetime.timezone.utc)
        day = start + datetime.timedelta(days=(6 - start.weekday()) % 7 + 7 * (number - 1))
    return int(day.timestamp() * 1000)


def utc(ms):
    """A moment as a date."""
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
