"""Positions and deals."""

import random
import unittest

import MetaTrader5 as fake
import market
from tapedeck_mt5.account import AccountState, AccountWatch
from tapedeck_mt5.clock import HOUR_MS, BrokerClock, Era
from tapedeck_mt5.terminal import Calls

START = 1_717_977_600_000
OFFSET = 3 * HOUR_MS


class Looking:
    """Looks at the fake terminal's account and keeps what a client would have."""

    def __init__(self, made, state=None, clock=None):
        fake.terminal = made
        made.now = lambda: self.now
        self.now = START
        fake.shutdown()
        fake.initialize()
        self.clock = clock or BrokerClock(OFFSET)
        self.state = state or AccountState(START)
        self.watch = AccountWatch(self.clock, self.state)
        self.positions, self.deals = [], []

    def look(self, now):
        self.now = START + now
        changes = self.watch.look(Calls(fake), self.now)
        if changes:
            self.positions += changes.positions
            self.deals += changes.deals
            self.state = AccountState.from_json(changes.state.to_json())
        return changes

    def reconnect(self):
        self.watch = AccountWatch(self.clock, self.state)

    def changes(self):
        return [(row["change"], row["ticket"]) for row in self.positions]


class AccountTests(unittest.TestCase):
    def test_a_position_opens_changes_and_closes_with_its_deals(self):
        made = fake.Terminal()
        market.trade(made, 11, START + 1_000, START + 9_000, OFFSET, profit=12.34)
        first = made.positions.pop()[2]
        modified = first._replace(sl=1.05, time_update_msc=first.time_msc + 4_000, price_current=1.11, profit=1.0)
        made.positions += [(START + 1_000, START + 5_000, first), (START + 5_000, START + 9_000, modified)]
        looking = Looking(made)
        for now in range(0, 12_000, 200):
            looking.look(now)
        self.assertEqual(looking.changes(), [("opened", 11), ("updated", 11), ("closed", 11)])
        opened, updated, closed = looking.positions
        self.assertEqual((opened["event_msc"], opened["event_utc_msc"], opened["offset_s"]),
                         (START + 1_000 + OFFSET, START + 1_000, 10_800))
        self.assertEqual((updated["sl"], updated["event_utc_msc"]), (1.05, START + 5_000))
        self.assertEqual((closed["profit"], closed["event_utc_msc"], closed["deal"]), (12.34, START + 9_000, 23))
        self.assertEqual([(deal["ticket"], deal["entry"], deal["utc_msc"]) for deal in looking.deals],
                         [(22, 0, START + 1_000), (23, 1, START + 9_000)])

    def test_values_that_follow_the_price_come_once_a_second(self):
        made = fake.Terminal()
        base = market.position(5, START + OFFSET)
        made.positions = [(START + step * 100, START + step * 100 + 100, base._replace(profit=float(step)))
                          for step in range(100)]
        looking = Looking(made)
        for now in range(0, 10_000, 100):
            looking.look(now)
        self.assertEqual(looking.changes()[0], ("opened", 5))
        self.assertIn(len(looking.positions), range(9, 12))

    def test_a_position_that_opens_and_closes_between_two_looks_is_told_as_closed(self):
        made = fake.Terminal()
        market.trade(made, 8, START + 1_010, START + 1_090, OFFSET, profit=-3.5)
        looking = Looking(made)
        for now in range(0, 5_000, 200):
            looking.look(now)
        self.assertEqual(looking.changes(), [("closed", 8)])
        self.assertEqual((looking.positions[0]["profit"], looking.positions[0]["type"]), (-3.5, 0))
        self.assertEqual(len(looking.deals), 2)

    def test_what_happened_while_nobody_was_connected_is_told_on_return(self):
        made = fake.Terminal()
        market.trade(made, 1, START + 100, START + 60_000, OFFSET)
        market.trade(made, 2, START + 100, None, OFFSET)
        market.trade(made, 3, START + 30_000, None, OFFSET)
        looking = Looking(made)
        looking.look(1_000)
        looking.reconnect()
        looking.look(120_000)
        self.assertEqual(set(looking.changes()[:2]), {("opened", 1), ("opened", 2)})
        self.assertEqual(set(looking.changes()[2:]), {("opened", 3), ("updated", 2), ("closed", 1)})
        self.assertEqual([deal["ticket"] for deal in looking.deals], [2, 4, 6, 3])

    def test_every_deal_comes_once_whatever_the_looks_and_restarts(self):
        for seed in range(20):
            rng = random.Random(seed)
            made = fake.Terminal()
            for ticket in range(1, 60):
                opened = START + rng.randrange(0, 600_000, 50)
                market.trade(made, ticket, opened, opened + rng.randrange(0, 90_000, 50) + 50, OFFSET)
            # Some deals reach the terminal late, behind later ones.
            made.deals = [(appears + rng.choice([0, 0, 0, 40_000]), deal) for appears, deal in made.deals]
            looking = Looking(made)
            now = 0
            while now < 800_000:
                looking.look(now)
                now += rng.randrange(50, 20_000)
                if rng.random() < 0.2:
                    looking.reconnect()
            got = [deal["ticket"] for deal in looking.deals]
            with self.subTest(seed=seed):
                self.assertEqual(sorted(got), sorted(deal.ticket for _, deal in made.deals))
                closed = [ticket for change, ticket in looking.changes() if change == "closed"]
                self.assertEqual(set(closed), set(range(1, 60)))
                self.assertEqual({row["profit"] for row in looking.positions if row["change"] == "closed"}, {1.25})

    def test_times_of_another_season_get_the_offset_of_theirs(self):
        made = fake.Terminal()
        winter = START - 120 * 24 * HOUR_MS
        made.positions = [(START, None, market.position(4, winter + 2 * HOUR_MS))]
        clock = BrokerClock()
        clock.eras = [Era(0, 2 * HOUR_MS), Era(START - 60 * 24 * HOUR_MS, 3 * HOUR_MS)]
        looking = Looking(made, clock=clock)
        looking.look(1_000)
        self.assertEqual(looking.positions[0]["open_utc_msc"], winter)
        self.assertEqual(looking.positions[0]["offset_s"], 7_200)


if __name__ == "__main__":
    unittest.main()
