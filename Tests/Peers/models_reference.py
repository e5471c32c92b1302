"""What the models of dbt/ must hold, computed in plain Python from the tables of the lake, and from TA-Lib."""

import collections
import datetime
import statistics

import numpy
import talib

MINUTE, HOUR, DAY = 60_000_000_000, 3_600_000_000_000, 86_400_000_000_000
CLOSE_ENOUGH = 1e-12


def is_near(one, other):
    return abs(one - other) <= CLOSE_ENOUGH * max(abs(one), abs(other), 1)


def streamed(lake, model, column, name):
    """Compares a model of an indicator with what the engine streamed: values, rows that are missing or too many, largest difference."""
    there = dict(((row[0], row[1]), row[2]) for row in lake.execute(
        "SELECT symbol, start_ns, value FROM indicators WHERE interval = '1d' AND name = ?", [name]).fetchall())
    here = {(row["symbol"], row["bar_start_ns"]): row[column] for row in model if row["source"] == "tapedeck"}
    shares = [abs(value - there[key]) / max(abs(there[key]), 1e-9) for key, value in here.items() if key in there]
    return len(shares), len(there.keys() ^ here.keys()), max(shares, default=1)


def computed(rows):
    """Compares the indicators of all series with TA-Lib's, those of vendors and of corrected bars too: what differs, by model."""
    series = collections.defaultdict(list)
    for row in rows["gold_ohlc_daily"]:
        series[row["symbol"], row["source"]].append(row)
    expected = collections.defaultdict(dict)
    for key, bars in series.items():
        bars.sort(key=lambda row: row["bar_start_ns"])
        high, low, close = (numpy.array([bar[name] for bar in bars]) for name in ("high", "low", "close"))
        values = {"gold_sma_daily": talib.SMA(close, 20), "gold_rsi_daily": talib.RSI(close, 14), "gold_atr_daily": talib.ATR(high, low, close, 14)}
        for model, line in values.items():
            for place, (bar, value) in enumerate(zip(bars, line, strict=True)):
                # TA-Lib says 0 of a strength index where nothing has moved yet.
                still = model == "gold_rsi_daily" and bool(numpy.all(close[: place + 1] == close[0]))
                if not numpy.isnan(value):
                    expected[model][*key, bar["bar_start_ns"]] = 50.0 if still else float(value)
    found = []
    for model, column in (("gold_sma_daily", "sma"), ("gold_rsi_daily", "rsi"), ("gold_atr_daily", "atr")):
        here = {(row["symbol"], row["source"], row["bar_start_ns"]): row[column] for row in rows[model]}
        if here.keys() != expected[model].keys():
            found.append(f"{model}: {len(here)} rows, TA-Lib has {len(expected[model])}")
        # TA-Lib's moving average carries its rounding errors along.
        found += [f"{model} {key}: {here[key]!r} and {value!r}" for key, value in expected[model].items()
                  if key in here and abs(here[key] - value) > 1e-9 * max(abs(value), 1)]
    return found


def latest(lake):
    """Price, change and percent of each instrument's latest quote."""
    return {row[0]: tuple(row[1:]) for row in lake.execute("""SELECT symbol, current, change, change_percent FROM quote_snapshots
        QUALIFY row_number() OVER (PARTITION BY symbol ORDER BY fetched_at_ns DESC, journal_offset DESC) = 1""").fetchall()}


def candles(lake):
    """Candles of polled quotes by symbol, length and start: open, high, low, close, number of quotes."""
    found = {}
    for symbol, time, price in lake.execute(
            "SELECT symbol, event_time_ns, current FROM quote_snapshots ORDER BY event_time_ns, fetched_at_ns, journal_offset").fetchall():
        for name, length in (("1m", MINUTE), ("1h", HOUR)):
            candle = found.setdefault((symbol, name, time - time % length), [price, price, price, price, 0])
            candle[1:] = [max(candle[1], price), min(candle[2], price), price, candle[4] + 1]
    return found


def tree(candles_by_key):
    """Mean, deviation and deviation in percent of each symbol's minutes."""
    closes = collections.defaultdict(list)
    for (symbol, name, _), candle in candles_by_key.items():
        if name == "1m":
            closes[symbol].append(candle[3])
    found = {}
    for symbol, all_closes in closes.items():
        mean = statistics.fmean(all_closes)
        deviation = statistics.stdev(all_closes) if len(all_closes) > 1 else None
        found[symbol] = (mean, deviation, deviation and 100 * deviation / mean)
    return found


class Transactions:
    """Operations of clients, counted."""

    def __init__(self, lake):
        self.rows = lake.execute("SELECT operation_id, person_name, symbol, exchange, event_time_ns, currency, price, operation FROM transactions").fetchall()

    def hourly(self):
        """By exchange, currency, operation and hour: number, sum of prices, clients, symbols."""
        groups = collections.defaultdict(list)
        for row in self.rows:
            groups[row[3], row[5], row[7], row[4] - row[4] % HOUR].append(row)
        return {key: (len(group), sum(row[6] for row in group), len({row[1] for row in group}), len({row[2] for row in group}))
                for key, group in groups.items()}

    def top(self):
        """By exchange, day and place: symbol, number and sum of prices."""
        groups = collections.defaultdict(list)
        for row in self.rows:
            groups[row[3], row[4] - row[4] % DAY, row[2]].append(row[6])
        days = collections.defaultdict(list)
        for (exchange, day, symbol), prices in groups.items():
            days[exchange, day].append((-len(prices), -sum(prices), symbol))
        return {(*key, place): (symbol, -count, -total) for key, all_symbols in days.items()
                for place, (count, total, symbol) in enumerate(sorted(all_symbols)[:10], start=1)}

    def anomalies(self):
        """Operations whose price, and exchanges' hours whose number of operations, lies outside of the fences."""
        prices, hours = collections.defaultdict(list), collections.defaultdict(collections.Counter)
        for row in self.rows:
            prices[row[3], row[2], row[5], row[4] // DAY].append((float(row[6]), row[0]))
            hours[row[3]][row[4] - row[4] % HOUR] += 1
        far = {("price", identity) for group in prices.values() for identity in outside(group)}
        return far | {("operations", (exchange, hour)) for exchange, counts in hours.items()
                      for hour in outside([(float(count), hour) for hour, count in counts.items()])}


def outside(measured):
    """The names of values far out of their box; of none where there are few."""
    if len(measured) < 20:
        return []
    lower, _, upper = statistics.quantiles([value for value, _ in measured], n=4, method="inclusive")
    return [name for value, name in measured if not lower - 3 * (upper - lower) <= value <= upper + 3 * (upper - lower)]


def nanoseconds(time):
    """A timestamp as nanoseconds since 1970."""
    return (time - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1) * 1000
