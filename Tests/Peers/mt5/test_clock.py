"""The broker's clock."""

import datetime
import unittest

from tapedeck_mt5.clock import HOUR_MS, MINUTE_MS, BrokerClock, daylight_changes


def moment(text):
    return int(datetime.datetime.fromisoformat(text + "+00:00").timestamp() * 1000)


def watch(clock, offset_ms, utc_ms, count=4, every_ms=2_000, late_ms=120):
    """Fresh ticks at a broker whose clock is so far ahead."""
    for index in range(count):
        now = utc_ms + index * every_ms
        clock.observe(now - late_ms + offset_ms, now)


class ClockTests(unittest.TestCase):
    def test_an_offset_is_found_once_fresh_ticks_agree_for_some_seconds(self):
        clock = BrokerClock()
        now = moment("2024-06-12T10:00:00")
        for second in (0, 2, 4):
            self.assertFalse(clock.observe(now + second * 1000 + 3 * HOUR_MS - 80, now + second * 1000))
        self.assertFalse(clock.is_known)
        self.assertTrue(clock.observe(now + 6000 + 3 * HOUR_MS, now + 6000))
        self.assertEqual(clock.offset_ms, 3 * HOUR_MS)
        self.assertEqual(clock.to_utc(now + 3 * HOUR_MS), (0, now))

    def test_half_and_quarter_hours_are_offsets_too(self):
        for offset in (330 * MINUTE_MS, -210 * MINUTE_MS, 345 * MINUTE_MS, 0):
            clock = BrokerClock()
            watch(clock, offset, moment("2024-06-12T10:00:00"))
            self.assertEqual(clock.offset_ms, offset)

    def test_old_ticks_that_are_filled_in_do_not_move_the_clock(self):
        clock = BrokerClock()
        start = moment("2024-06-12T10:00:00")
        watch(clock, 3 * HOUR_MS, start)
        # Two hours of ticks run by within seconds, as after an outage.
        for step in range(200):
            now = start + 60_000 + step * 50
            clock.observe(now - 2 * HOUR_MS + step * 36_000 + 3 * HOUR_MS, now)
        self.assertEqual([era.offset_ms for era in clock.eras], [3 * HOUR_MS])

    def test_a_wrong_clock_of_this_machine_is_said_and_nothing_is_guessed(self):
        clock = BrokerClock()
        watch(clock, 3 * HOUR_MS, moment("2024-06-12T10:00:00"), late_ms=5 * MINUTE_MS)
        self.assertFalse(clock.is_known)
        self.assertIn("synchronized", clock.problem)

    def test_a_change_that_was_watched_starts_with_its_first_tick(self):
        clock = BrokerClock()
        change = moment("2024-11-03T06:00:00")
        watch(clock, 3 * HOUR_MS, change - 20_000)
        watch(clock, 2 * HOUR_MS, change + 200)
        self.assertEqual(clock.eras[1].offset_ms, 2 * HOUR_MS)
        self.assertEqual(clock.eras[1].since_ms, change + 200 - 120)

    def test_a_change_over_the_weekend_is_put_where_the_rules_put_it(self):
        for friday, monday, before, after, change in [
            ("2024-03-08T21:00:00", "2024-03-10T22:00:00", 2, 3, "2024-03-10T07:00:00"),  # New York
            ("2024-03-29T21:00:00", "2024-03-31T22:00:00", 2, 3, "2024-03-31T01:00:00"),  # Europe
            ("2024-10-25T21:00:00", "2024-10-27T22:00:00", 3, 2, "2024-10-27T01:00:00"),
            ("2024-11-01T21:00:00", "2024-11-03T22:00:00", 3, 2, "2024-11-03T06:00:00"),
        ]:
            clock = BrokerClock()
            watch(clock, before * HOUR_MS, moment(friday) - 60_000)
            watch(clock, after * HOUR_MS, moment(monday))
            self.assertEqual(clock.eras[1].since_ms, moment(change), friday)
            self.assertEqual(clock.to_utc(moment(friday) + before * HOUR_MS)[1], moment(friday))
            self.assertEqual(clock.to_utc(moment(monday) + after * HOUR_MS)[1], moment(monday))

    def test_the_weekend_keeps_what_was_known(self):
        clock = BrokerClock()
        friday = moment("2024-06-14T20:59:50")
        watch(clock, 3 * HOUR_MS, friday)
        state = clock.to_state()
        restarted = BrokerClock()
        restarted.restore(state)
        self.assertEqual(restarted.offset_ms, 3 * HOUR_MS)
        watch(restarted, 3 * HOUR_MS, moment("2024-06-16T21:05:00"))
        self.assertEqual(len(restarted.eras), 1)

    def test_a_configured_offset_is_not_moved(self):
        clock = BrokerClock(2 * HOUR_MS)
        watch(clock, 3 * HOUR_MS, moment("2024-06-12T10:00:00"))
        self.assertEqual(clock.offset_ms, 2 * HOUR_MS)

    def test_the_days_of_daylight_saving(self):
        self.assertEqual(daylight_changes(2025, True), [moment("2025-03-30T01:00:00"), moment("2025-03-09T07:00:00")])
        self.assertEqual(daylight_changes(2025, False), [moment("2025-10-26T01:00:00"), moment("2025-11-02T06:00:00")])


if __name__ == "__main__":
    unittest.main()
