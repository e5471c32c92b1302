"""Recordings for the models, made up from a seed: trades of years, a vendor's daily bars that are corrected later."""

import csv
import random
import time
import uuid

DAY = 86_400
FIRST = 1_600_041_600  # 2020-09-14
# A venue without a calendar: each UTC day is a trading day.
VENUE = "PIT"
# So that Wilder's averages go over the ends of blocks of 250 bars, and later days begin within a block.
DAYS, LATER_DAYS = 600, 40


class Prices:
    """Trades of three symbols, day after day: one wanders, one only rises, one stays where it is until day 300."""

    def __init__(self, rng):
        self.rng, self.prices = rng, {"WANDER": 180.0, "RISE": 20.0, "STILL": 7.5}

    def trades(self, first, count):
        """Rows of some days, in the order of time."""
        rows = []
        for day in range(first, first + count):
            for number in range(4):
                seconds = FIRST + day * DAY + 3_600 * (9 + number) + self.rng.randrange(3_000)
                self.prices["WANDER"] = max(1, round(self.prices["WANDER"] * (1 + self.rng.gauss(0, 0.01)), 2))
                self.prices["RISE"] = round(self.prices["RISE"] + 0.01, 2)
                self.prices["STILL"] = 7.5 if day < 300 else round(7.5 + self.rng.choice([0, 0, 0.5]), 2)
                rows += [{"event_time_ms": seconds * 1000, "symbol": symbol, "price": price, "size": self.rng.randint(1, 300)}
                         for symbol, price in self.prices.items()]
        return rows


def operations(count, rng):
    """Operations of clients on one day with one symbol, the last at a price far from the others."""
    return [{"operation_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)), "person_name": f"Client {number % 7}", "symbol": "ODD",
             "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(FIRST + number * 60)), "exchange": "NASDAQ", "currency": "USD",
             "price": "950.25" if number + 1 == count else f"{100 + rng.randrange(300) / 100:.2f}", "operation": rng.choice(["purchase", "sale"])}
            for number in range(count)]


def vendor_bars(seed=7):
    """A vendor's daily bars of one symbol: rows of day, open, high, low, close, volume."""
    rng, close, rows = random.Random(seed), 50.0, []
    for day in range(DAYS):
        opened = close
        close = round(max(1, opened * (1 + rng.gauss(0, 0.015))), 2)
        rows.append([day, opened, round(max(opened, close) + rng.random(), 2), round(min(opened, close) - rng.random() / 2, 2), close, rng.randint(1, 9999)])
    return rows


def write_bars(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["time", "open", "high", "low", "close", "volume"])
        writer.writerows([(FIRST + row[0] * DAY) * 1000, *row[1:]] for row in rows)
