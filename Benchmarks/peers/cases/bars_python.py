"""One-minute bars with SMA(20), RSI(14) and ATR(14) in plain Python, one core: `bars_python.py FRAMES ROWS`.

A bar ends with the first newer trade of its instrument; what comes later for it is dropped. No watermark, no recovery.
"""

import sys
from collections import deque

import orjson

from frames import lines
from meter import Meter


class Indicators:
    """Of one instrument; RSI and ATR with Wilder's averages."""

    __slots__ = ("closes", "total", "bars", "last", "gain", "loss", "range")

    def __init__(self):
        self.closes = deque(maxlen=20)
        self.total = self.gain = self.loss = self.range = 0.0
        self.bars = 0
        self.last = None

    def update(self, high, low, close):
        closes = self.closes
        if len(closes) == 20:
            self.total -= closes[0]
        closes.append(close)
        self.total += close
        last = self.last
        change = close - last if last is not None else 0.0
        true_range = high - low if last is None else max(high, last) - min(low, last)
        weight = 1 / min(self.bars + 1, 14)
        self.gain += ((change if change > 0 else 0.0) - self.gain) * weight
        self.loss += ((-change if change < 0 else 0.0) - self.loss) * weight
        self.range += (true_range - self.range) * weight
        self.last = close
        self.bars += 1
        moved = self.gain + self.loss
        return self.total / len(closes), 100 * self.gain / moved if moved else 50.0, self.range


def main(frames, rows):
    bars, dropped, volume = 0, 0, 0.0
    open_bars, indicators = {}, {}

    def close(symbol, bar):
        nonlocal bars, volume
        bars += 1
        volume += bar[5]
        state = indicators.get(symbol)
        if state is None:
            state = indicators[symbol] = Indicators()
        return state.update(bar[2], bar[3], bar[4])

    with Meter() as meter:
        for frame in lines(frames):
            for trade in orjson.loads(frame)["data"]:
                symbol, price, size = trade["s"], trade["p"], trade["v"]
                minute = trade["t"] // 60_000
                bar = open_bars.get(symbol)
                if bar is not None and bar[0] == minute:
                    if price > bar[2]:
                        bar[2] = price
                    if price < bar[3]:
                        bar[3] = price
                    bar[4] = price
                    bar[5] += size
                elif bar is None or minute > bar[0]:
                    if bar is not None:
                        close(symbol, bar)
                    open_bars[symbol] = [minute, price, price, price, price, size]
                else:
                    dropped += 1
        for symbol, bar in open_bars.items():
            close(symbol, bar)
    meter.report(rows, bars=bars, volume=volume, dropped=dropped)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
