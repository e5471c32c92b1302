"""Recordings made up for processes that share a pipeline: several hundred instruments, the same for the same seed."""

import json
import random

START_MS = 1_700_956_800_000


def trades_of_stocks(path, seed, seconds, per_second, symbols=300):
    """Frames of one to four trades of different stocks, some of them a little late."""
    rng = random.Random(seed)
    prices = [rng.randint(500, 50_000) for _ in range(symbols)]
    with open(path, "w", encoding="utf-8") as file:
        for number in range(seconds * per_second):
            now = START_MS + number * 1000 // per_second
            data = []
            for _ in range(rng.choice([1, 1, 1, 2, 3, 4])):
                stock = min(symbols - 1, int(rng.expovariate(0.02)))
                prices[stock] = max(1, prices[stock] + rng.randint(-3, 3))
                late = rng.choice([0, 0, 0, rng.randint(0, 900)]) if rng.random() < 0.99 else rng.randint(1000, 9000)
                data.append({"s": f"S{stock:03}", "p": prices[stock] / 100, "v": rng.randint(1, 500), "t": now - late})
            frame = json.dumps({"type": "trade", "data": data}, separators=(",", ":"))
            if rng.random() < 0.002:
                frame = frame[:-5]  # what does not decode becomes a dead letter
            file.write(f"{(now + 40) * 1_000_000} {frame}\n")


def trades_of_coins(path, seed, seconds, per_second, symbols=200):
    """Frames of one numbered trade, or of best bid and ask, of one of many pairs."""
    rng = random.Random(seed)
    trades, prices = [0] * symbols, [rng.randint(1000, 90_000) for _ in range(symbols)]
    with open(path, "w", encoding="utf-8") as file:
        for number in range(seconds * per_second):
            now = START_MS + number * 1000 // per_second
            coin = min(symbols - 1, int(rng.expovariate(0.03)))
            symbol, prices[coin] = f"C{coin:03}USDT", max(10, prices[coin] + rng.randint(-5, 5))
            if rng.random() < 0.7:
                trades[coin] += 1 if rng.random() < 0.995 else 3  # a hole now and then
                data = {"e": "trade", "E": now + 3, "s": symbol, "t": trades[coin], "p": f"{prices[coin] / 100:.2f}",
                        "q": f"{rng.randint(1, 900) / 100:.2f}", "T": now, "m": rng.random() < 0.5, "M": True}
                stream = f"{symbol.lower()}@trade"
            else:
                data = {"e": "bookTicker", "u": number, "s": symbol, "b": f"{prices[coin] / 100 - 0.01:.2f}", "B": "1.5",
                        "a": f"{prices[coin] / 100 + 0.01:.2f}", "A": "2.5", "T": now, "E": now}
                stream = f"{symbol.lower()}@bookTicker"
            frame = json.dumps({"stream": stream, "data": data}, separators=(",", ":"))
            file.write(f"{(now + 25) * 1_000_000} {frame}\n")
