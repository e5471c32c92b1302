"""What the fake terminal shows: recorded ticks where they are at hand, seeded ones otherwise, and a book of trades."""

import csv
import io
import os
import pathlib
import random
import zipfile

import numpy

from MetaTrader5 import TICK_DTYPE, TradeDeal, TradePosition

ROOT = pathlib.Path(__file__).resolve().parents[3]
HOUR = 3_600_000


def recordings():
    """The folder of recorded data, or None."""
    if os.environ.get("TAPEDECK_DATA"):
        return pathlib.Path(os.environ["TAPEDECK_DATA"])
    return next((parent / "shared/data" for parent in ROOT.parents if (parent / "shared/data/README.md").exists()), None)


def recorded_day(venue, day):
    """Ticks of EUR/USD as (ms since midnight, bid, ask); None where the recording is missing."""
    folder = recordings()
    path = folder and folder / f"fx_ticks/{venue}/tick/eurusd/{day}_quote.zip"
    if not path or not path.exists():
        return None
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    return [(int(row[0]), float(row[1]), float(row[2])) for row in csv.reader(io.StringIO(text))]


def seeded_day(seed, count, span_ms=24 * HOUR):
    """The same, made up: bursts inside one millisecond, repeats of equal values."""
    rng = random.Random(seed)
    time, price, rows = 0, 110_000, []
    while len(rows) < count:
        time += rng.choice([0, 0, 0, 1, 1, rng.randrange(2 * span_ms // count)])
        if rng.random() < 0.9:
            price += rng.randint(-3, 3)
        rows.append((time, price / 1e5, (price + rng.randint(0, 4)) / 1e5))
    return rows


def ticks(rows, broker_ms):
    """Ticks in the terminal's form; `broker_ms` is added to the times of the rows."""
    made = numpy.zeros(len(rows), dtype=TICK_DTYPE)
    made["time_msc"] = numpy.array([row[0] for row in rows], dtype=numpy.int64) + broker_ms
    made["time"] = made["time_msc"] // 1000
    made["bid"] = [row[1] for row in rows]
    made["ask"] = [row[2] for row in rows]
    made["flags"] = 6
    return made


def position(ticket, open_ms, symbol="EURUSD", **changes):
    """A position; times are the broker's."""
    values = dict(ticket=ticket, time=open_ms // 1000, time_msc=open_ms, time_update=open_ms // 1000,
                  time_update_msc=open_ms, type=0, magic=7, identifier=ticket, reason=3, volume=0.1, price_open=1.1,
                  sl=0.0, tp=0.0, price_current=1.1, swap=0.0, profit=0.0, symbol=symbol, comment="", external_id="")
    return TradePosition(**{**values, **changes})


def deal(ticket, time_ms, position_id, entry, **changes):
    """A deal; times are the broker's. Entry 0 opens, 1 closes."""
    values = dict(ticket=ticket, order=ticket + 500, time=time_ms // 1000, time_msc=time_ms, type=entry, entry=entry,
                  magic=7, position_id=position_id, reason=3, volume=0.1, price=1.1, commission=-0.07, swap=0.0,
                  profit=0.0, fee=0.0, symbol="EURUSD", comment="", external_id="")
    return TradeDeal(**{**values, **changes})


def trade(terminal, ticket, open_ms, close_ms, offset_ms, profit=1.25, **changes):
    """A position that opens and closes, with its two deals; the moments are UTC, `close_ms` may be None."""
    terminal.positions.append((open_ms, close_ms, position(ticket, open_ms + offset_ms, **changes)))
    terminal.deals.append((open_ms, deal(2 * ticket, open_ms + offset_ms, ticket, 0)))
    if close_ms is not None:
        terminal.deals.append((close_ms, deal(2 * ticket + 1, close_ms + offset_ms, ticket, 1, profit=profit)))
