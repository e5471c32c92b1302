"""A random-walk market with bars and indicators, for the mock server."""

from __future__ import annotations

import math
import random
import time
from collections import deque
from dataclasses import dataclass, field

INTERVALS = {"1s": 1, "1m": 60, "5m": 300, "1h": 3600}
KEPT_BARS = 6000
INSTRUMENTS = [
    # venue, symbol, price, decimals, yearly volatility, has trades
    ("BINANCE", "BTCUSDT", 61800.0, 2, 0.9, True),
    ("BINANCE", "ETHUSDT", 3412.5, 2, 1.1, True),
    ("BINANCE", "SOLUSDT", 142.31, 2, 1.4, True),
    ("BINANCE", "XRPUSDT", 0.5231, 4, 1.3, True),
    ("BINANCE", "ADAUSDT", 0.3845, 4, 1.3, True),
    ("BINANCE", "DOGEUSDT", 0.12345, 5, 1.6, True),
    ("BINANCE", "AVAXUSDT", 27.34, 2, 1.4, True),
    ("BINANCE", "LINKUSDT", 13.456, 3, 1.3, True),
    ("BINANCE", "BNBUSDT", 574.2, 1, 0.9, True),
    ("BINANCE", "SHIBUSDT", 0.00001745, 8, 1.6, True),
    ("XNAS", "AAPL", 226.51, 2, 0.5, True),
    ("XNAS", "MSFT", 417.32, 2, 0.5, True),
    ("XNAS", "NVDA", 128.27, 2, 0.8, True),
    ("XNAS", "AMZN", 186.4, 2, 0.6, True),
    ("XNAS", "GOOGL", 163.95, 2, 0.6, True),
    ("XNAS", "META", 531.17, 2, 0.7, True),
    ("XNAS", "TSLA", 238.77, 2, 0.9, True),
    ("XNAS", "AMD", 157.86, 2, 0.8, True),
    ("XNAS", "INTC", 21.48, 2, 0.8, True),
    ("XNAS", "NFLX", 701.35, 2, 0.7, True),
    ("FXCM", "EURUSD", 1.08412, 5, 0.3, False),
]


def rfc3339(ns: int) -> str:
    seconds, rest = divmod(ns, 10**9)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:09d}Z"


@dataclass
class Bar:
    start: int
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0
    notional: float = 0.0
    trades: int = 0
    final: bool = False

    def add(self, price: float, size: float) -> None:
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price
        self.volume += size
        self.notional += price * size
        self.trades += 1

    def merge(self, bar: "Bar") -> None:
        self.high = max(self.high, bar.high)
        self.low = min(self.low, bar.low)
        self.close = bar.close
        self.volume += bar.volume
        self.notional += bar.notional
        self.trades += bar.trades

    def values(self) -> dict:
        return {
            "open": self.open, "high": self.high, "low": self.low, "close": self.close,
            "volume": round(self.volume, 6),
            "vwap": self.notional / self.volume if self.volume else None,
            "trades": self.trades, "final": self.final, "revision": 0,
        }

    def json(self) -> dict:
        ns = self.start * 10**9
        return {"start": rfc3339(ns), "start_ns": ns, **self.values()}


def indicators(bars: list[Bar]) -> dict[str, list[dict]]:
    """SMA(20), and Wilder's RSI(14) and ATR(14), over the final bars."""
    series: dict[str, list[dict]] = {"sma(20)": [], "rsi(14)": [], "atr(14)": []}
    closes: deque[float] = deque(maxlen=20)
    previous = None
    gain = loss = true_range = 0.0

    def put(name: str, bar: Bar, value: float) -> None:
        ns = bar.start * 10**9
        series[name].append({"start": rfc3339(ns), "start_ns": ns, "value": value})

    for index, bar in enumerate(b for b in bars if b.final):
        closes.append(bar.close)
        if len(closes) == 20:
            put("sma(20)", bar, sum(closes) / 20)
        if previous is not None:
            change = bar.close - previous
            reach = max(bar.high - bar.low, abs(bar.high - previous), abs(bar.low - previous))
            weight = 1 / min(index, 14)
            gain += (max(change, 0) - gain) * weight
            loss += (max(-change, 0) - loss) * weight
            true_range += (reach - true_range) * weight
            if index >= 14:
                put("rsi(14)", bar, 100 * gain / (gain + loss) if gain + loss else 50)
                put("atr(14)", bar, true_range)
        previous = bar.close
    return series


@dataclass
class Instrument:
    venue: str
    symbol: str
    price: float
    decimals: int
    volatility: float
    has_trades: bool
    feed: str = "simulator"
    bid: float = 0.0
    ask: float = 0.0
    last_size: float = 0.0
    event_ns: int = 0
    day: dict = field(default_factory=dict)
    bars: dict[str, deque[Bar]] = field(default_factory=dict)
    trades: deque[dict] = field(default_factory=lambda: deque(maxlen=1000))
    next_id: int = 1

    @property
    def name(self) -> str:
        return f"{self.venue}:{self.symbol}"

    @property
    def price_type(self) -> str:
        return "trade" if self.has_trades else "bid"

    def json(self) -> dict:
        last = self.price if self.has_trades else None
        opened = self.day["open"] if self.has_trades else None
        return {
            "instrument": self.name, "venue": self.venue, "symbol": self.symbol,
            "feed": self.feed, "last_price": last,
            "last_size": self.last_size if self.has_trades else None,
            "bid": self.bid, "ask": self.ask,
            "event_time": rfc3339(self.event_ns), "event_time_ns": self.event_ns,
            "open": opened,
            "high": self.day["high"] if self.has_trades else None,
            "low": self.day["low"] if self.has_trades else None,
            "change": last - opened if last else None,
            "change_percent": 100 * (last - opened) / opened if last else None,
            "volume": self.day["volume"] if self.has_trades else None,
            "trades": self.day["trades"] if self.has_trades else 0,
        }


class Market:
    """Instruments with a day of one-minute history, advanced by `step`."""

    def __init__(self, seed: int, history_hours: int = 24) -> None:
        self.random = random.Random(seed)
        self.instruments = {i.name: i for i in (Instrument(*row) for row in INSTRUMENTS)}
        self.offset = 1_000_000
        for instrument in self.instruments.values():
            self._history(instrument, history_hours)

    def _move(self, instrument: Instrument, seconds: float) -> None:
        sigma = instrument.volatility * math.sqrt(seconds / (365 * 86400))
        price = instrument.price * math.exp(self.random.gauss(0, sigma))
        instrument.price = max(round(price, instrument.decimals), 10**-instrument.decimals)

    def _size(self, instrument: Instrument) -> float:
        if instrument.venue == "XNAS":
            return float(self.random.choice([1, 5, 10, 25, 50, 100, 100, 200, 400]))
        return round(self.random.lognormvariate(0, 1.2) * 900 / instrument.price, 4) or 0.0001

    def _history(self, instrument: Instrument, hours: int) -> None:
        now = int(time.time())
        start = now - now % 3600 - hours * 3600
        instrument.bars = {name: deque(maxlen=KEPT_BARS) for name in INTERVALS}
        instrument.day = {"date": None}
        fine = now - 3600
        moment = start
        while moment < now:
            step = 1 if moment >= fine else 20
            self._quote(instrument)
            for _ in range(self.random.randrange(1, 4)):
                self._move(instrument, step / 2)
                self._apply(
                    instrument, moment, instrument.price, 5 * step * self._size(instrument), step == 1)
            moment += step
        instrument.event_ns = now * 10**9
        self._quote(instrument)

    def _quote(self, instrument: Instrument) -> None:
        tick = 10**-instrument.decimals
        spread = tick * self.random.choice([1, 1, 1, 2, 3])
        instrument.bid = round(instrument.price - spread, instrument.decimals)
        instrument.ask = round(instrument.price + tick, instrument.decimals)

    def _apply(
        self, instrument: Instrument, second: int, price: float, size: float, fine: bool
    ) -> list[tuple[str, Bar]]:
        """Adds one trade to the day and its bars; returns the bars it changed."""
        date = second // 86400
        if instrument.day.get("date") != date:
            instrument.day = {"date": date, "open": price, "high": price, "low": price,
                              "volume": 0.0, "trades": 0}
        day = instrument.day
        day["high"], day["low"] = max(day["high"], price), min(day["low"], price)
        day["volume"] = round(day["volume"] + size, 6)
        day["trades"] += 1
        changed = []
        for name, length in INTERVALS.items():
            if name == "1s" and not fine:
                continue
            start = second - second % length
            bars = instrument.bars[name]
            if not bars or bars[-1].start < start:
                if bars and not bars[-1].final:
                    bars[-1].final = True
                    changed.append((name, bars[-1]))
                bars.append(Bar(start, price, price, price, price))
            bars[-1].add(price, size)
            changed.append((name, bars[-1]))
        return changed

    def close_elapsed(self, now: int) -> list[tuple[Instrument, str, Bar]]:
        """Makes bars final that ended two seconds ago or more."""
        closed = []
        for instrument in self.instruments.values():
            for name, length in INTERVALS.items():
                bars = instrument.bars[name]
                if bars and not bars[-1].final and bars[-1].start + length + 2 <= now:
                    bars[-1].final = True
                    closed.append((instrument, name, bars[-1]))
        return closed

    def step(self) -> tuple[Instrument, dict | None, dict, list[tuple[str, Bar]]]:
        """One trade and one quote of a random instrument."""
        instrument = self.random.choice(list(self.instruments.values()))
        ns = time.time_ns()
        self._move(instrument, 0.1)
        self._quote(instrument)
        instrument.event_ns = ns
        self.offset += 1
        quote = {"type": "quote", "instrument": instrument.name, "event_time_ns": ns,
                 "bid": instrument.bid, "ask": instrument.ask,
                 "bid_size": self._size(instrument), "ask_size": self._size(instrument)}
        size = self._size(instrument)
        changed = self._apply(instrument, ns // 10**9, instrument.price, size, True)
        if not instrument.has_trades:
            return instrument, None, quote, changed
        instrument.last_size = size
        trade = {"event_time_ns": ns, "price": instrument.price, "size": size,
                 "side": self.random.choice(["buy", "sell"]), "trade_id": instrument.next_id}
        instrument.next_id += 1
        instrument.trades.appendleft({
            "event_time": rfc3339(ns), "ingest_time_ns": ns + 800_000, **trade,
            "conditions": None, "journal_offset": self.offset, "frame_index": 0})
        return instrument, {"type": "trade", "instrument": instrument.name, **trade}, quote, changed
