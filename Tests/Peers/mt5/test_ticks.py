"""Every tick once: several in a millisecond, edges of what was asked for, the clock's changes."""

import random
import unittest

import numpy

import MetaTrader5 as fake
import market
from tapedeck_mt5 import ticks as module
from tapedeck_mt5.clock import HOUR_MS, BrokerClock, Era
from tapedeck_mt5.ticks import TickCursor

START = 1_717_977_600_000  # 2024-06-10


def terminal(rows, appear=None, offset_ms=3 * HOUR_MS):
    """A terminal on which row i appears at `appear[i]`, at its own time unless given."""
    made = fake.Terminal()
    made.add_ticks("EURUSD", [START + row[0] for row in rows] if appear is None else appear,
                   market.ticks(rows, START + offset_ms))
    return made


def expected(rows):
    """Identity and prices of rows: UTC, place in the millisecond, bid, ask."""
    places, made = {}, []
    for time, bid, ask in rows:
        places[time] = places.get(time, -1) + 1
        made.append((START + time, places[time], bid, ask))
    return made


class Reading:
    """Reads the fake terminal at chosen times."""

    def __init__(self, made, clock, position=(START, -1), now=START):
        fake.terminal = made
        made.now = lambda: self.now
        self.now = now
        fake.shutdown()
        fake.initialize()
        fake.symbol_select("EURUSD")
        self.clock = clock
        self.got = []
        self.position = position
        self.cursor = TickCursor(clock, position, now)

    def read(self, now=None):
        self.now = self.now if now is None else now
        while batch := self.cursor.read(self.fetch, self.now):
            self.got += [(row[0] - batch.offset_ms, *row[1:4]) for row in batch.ticks]
            self.position = self.got[-1][:2]
        return self

    def restart(self):
        self.cursor = TickCursor(self.clock, self.position, self.now)

    @staticmethod
    def fetch(second, count):
        return fake.copy_ticks_from("EURUSD", second, count, fake.COPY_TICKS_ALL)


def three_hours():
    return BrokerClock(3 * HOUR_MS)


class TickTests(unittest.TestCase):
    def check_day(self, rows, seed, looks):
        """Looks at random moments, bridges that start anew, pages of all sizes."""
        rng = random.Random(seed)
        page, module.PAGE = module.PAGE, rng.choice([1, 2, 7, 100, 2_000])
        self.addCleanup(setattr, module, "PAGE", page)
        reading = Reading(terminal(rows), three_hours())
        for now in sorted(rng.choice(rows)[0] + rng.choice([-1, 0, 0, 1]) for _ in range(looks)):
            reading.read(START + now)
            if rng.random() < 0.3:
                reading.restart()
        reading.read(START + rows[-1][0] + 1)
        self.assertEqual(reading.got, expected(rows))

    def test_seeded_ticks_come_once_whatever_the_looks(self):
        for seed in range(20):
            with self.subTest(seed=seed):
                self.check_day(market.seeded_day(seed, 2_000, span_ms=400_000), seed, 200)

    def test_recorded_ticks_come_once(self):
        rows = market.recorded_day("oanda", "20140508")
        if rows is None:
            self.skipTest("no recordings (set TAPEDECK_DATA)")
        self.check_day(rows[:20_000], 1, 300)

    def test_ticks_that_join_a_millisecond_later_are_not_missed(self):
        rows = [(5_000, 1.1, 1.2)] * 6
        reading = Reading(terminal(rows, appear=[START + 5_000 + 100 * index for index in range(6)]), three_hours())
        for index in range(6):
            reading.read(START + 5_000 + 100 * index)
            self.assertEqual(len(reading.got), index + 1)
            reading.restart()
        self.assertEqual(reading.got, expected(rows))

    def test_a_burst_larger_than_a_page_in_one_second(self):
        rows = [(1_000 + index // 40, 1.1 + index / 1e6, 1.2) for index in range(20_000)]
        reading = Reading(terminal(rows), three_hours()).read(START + 10_000)
        self.assertEqual(reading.got, expected(rows))

    def test_reading_starts_behind_the_position(self):
        rows = [(1_000, 1.0, 2.0), (1_000, 1.1, 2.0), (1_000, 1.2, 2.0), (1_001, 1.3, 2.0)]
        reading = Reading(terminal(rows), three_hours(), position=(START + 1_000, 1)).read(START + 5_000)
        self.assertEqual(reading.got, expected(rows)[2:])

    def test_ticks_of_the_future_are_held_until_the_clock_is_known_to_have_changed(self):
        # The broker sets its clock ahead by an hour at START + 10 s.
        rows = [(1_000, 1.0, 2.0), (2_000, 1.1, 2.0), (11_000 + HOUR_MS, 1.2, 2.0)]
        clock = BrokerClock()
        clock.eras = [Era(0, 2 * HOUR_MS)]
        made = terminal(rows, appear=[START + 1_000, START + 2_000, START + 11_000], offset_ms=2 * HOUR_MS)
        reading = Reading(made, clock).read(START + 12_000)
        self.assertEqual(len(reading.got), 2)
        clock.eras.append(Era(START + 11_000, 3 * HOUR_MS))
        reading.read(START + 17_000)
        self.assertEqual(reading.got[2], (START + 11_000, 0, 1.2, 2.0))

    def check_hour_twice(self, sorts, restarts):
        """A market that never closes at a broker whose clock is set back an hour."""
        rng = random.Random(4)
        change, step = START + 4 * HOUR_MS, 60_000
        made, utc_times, rows = fake.Terminal(), [], []
        for time in range(START, START + 8 * HOUR_MS, step):
            for _ in range(rng.choice([1, 1, 1, 3])):
                # Whole steps: the second pass has ticks in the very milliseconds of the first.
                utc_times.append(time)
                offset = 3 * HOUR_MS if time < change else 2 * HOUR_MS
                rows.append((time + offset, 1 + len(rows) / 1e5, 2.0))
        made.sorts_ticks = sorts
        made.add_ticks("EURUSD", utc_times, market.ticks(rows, 0))
        clock = BrokerClock()
        clock.eras = [Era(0, 3 * HOUR_MS)]
        reading = Reading(made, clock)
        for now in range(START, START + 8 * HOUR_MS, 45_000):
            reading.read(now)
            if len(clock.eras) == 1 and now >= change + 120_000:
                clock.eras.append(Era(change, 2 * HOUR_MS))
            if now in restarts:
                reading.restart()
        reading.read(START + 8 * HOUR_MS)
        self.assertEqual([tick[0] for tick in reading.got], utc_times)
        self.assertEqual([tick[2] for tick in reading.got], [row[1] for row in rows])
        self.assertEqual(len({tick[:2] for tick in reading.got}), len(rows))

    def test_an_hour_shown_twice_by_a_terminal_that_sorts(self):
        self.check_hour_twice(sorts=True, restarts={})

    def test_an_hour_shown_twice_by_a_terminal_that_appends(self):
        self.check_hour_twice(sorts=False, restarts={})

    def test_a_bridge_that_starts_inside_the_second_pass(self):
        # Up to date when it stops: nothing of the first pass lies behind the broker's clock and is not delivered.
        self.check_hour_twice(sorts=True, restarts={START + 4 * HOUR_MS + 30 * 60_000})

    def test_catching_up_over_a_change_of_the_clock(self):
        rows = [(time, 1 + time / 1e8, 2.0) for time in range(0, 8 * HOUR_MS, 2_000)]
        change = START + 4 * HOUR_MS
        made = fake.Terminal()
        broker = [(row[0] + (2 if START + row[0] < change else 3) * HOUR_MS, *row[1:]) for row in rows]
        made.add_ticks("EURUSD", [START + row[0] for row in rows], market.ticks(broker, START))
        clock = BrokerClock()
        clock.eras = [Era(0, 2 * HOUR_MS), Era(change, 3 * HOUR_MS)]
        reading = Reading(made, clock, now=START + 9 * HOUR_MS).read()
        self.assertEqual(reading.got, expected(rows))


if __name__ == "__main__":
    unittest.main()
