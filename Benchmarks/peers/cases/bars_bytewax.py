"""One-minute bars with SMA(20), RSI(14) and ATR(14) in bytewax, one worker: `bars_bytewax.py FRAMES ROWS`.

Event time with a watermark two seconds behind; bars of an instrument reach its indicators in order.
"""

import sys
from datetime import datetime, timedelta, timezone

import bytewax.operators as op
import orjson
from bytewax.connectors.files import FileSource
from bytewax.dataflow import Dataflow
from bytewax.operators import windowing
from bytewax.testing import TestingSink, run_main

from bars_python import Indicators
from meter import Meter

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def event_time(trade):
    return datetime.fromtimestamp(trade["t"] / 1000, timezone.utc)


def fold(bar, trade):
    price, time = trade["p"], trade["t"]
    if not bar:
        return [time, price, price, price, price, trade["v"], time]
    if time < bar[0]:
        bar[0], bar[1] = time, price
    if time >= bar[6]:
        bar[6], bar[4] = time, price
    bar[2], bar[3] = max(bar[2], price), min(bar[3], price)
    bar[5] += trade["v"]
    return bar


def merge(a, b):
    return a + b


def with_indicators(state, window):
    state = state or Indicators()
    _, bar = window
    return state, (bar[5], *state.update(bar[2], bar[3], bar[4]))


def main(frames, rows):
    out = []
    flow = Dataflow("bars")
    frames = op.input("frames", flow, FileSource(frames, batch_size=1000))
    trades = op.flat_map("decode", frames, lambda frame: orjson.loads(frame)["data"])
    keyed = op.key_on("instrument", trades, lambda trade: trade["s"])
    clock = windowing.EventClock(event_time, wait_for_system_duration=timedelta(seconds=2))
    windower = windowing.TumblingWindower(length=timedelta(minutes=1), align_to=START)
    bars = windowing.fold_window("bars", keyed, clock, windower, list, fold, merge, ordered=False)
    rows_out = op.stateful_map("indicators", bars.down, with_indicators)
    op.output("out", rows_out, TestingSink(out))
    with Meter() as meter:
        run_main(flow)
    meter.report(rows, bars=len(out), volume=sum(bar[1][0] for bar in out))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
