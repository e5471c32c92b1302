#!/usr/bin/env python3
"""Compares indicator values with TA-Lib's.

Reads CSV with a header `instrument,high,low,close,<indicator>,...`, one row per bar in order of time; an indicator
column is named as in configuration, for example `sma(20)`, and is empty during warm-up. Series are told apart by
the `instrument` column (left out: one series). Values must agree to 1e-9 relative, warm-up must be equally long.

A strength index of a series without any movement is 50 here and 0 in TA-Lib: such bars are counted, not compared.

    python3 Tests/Peers/talib_indicators.py FILE.csv
    tapedeck sql --csv "SELECT ..." | python3 Tests/Peers/talib_indicators.py -

Exit code: 0 all agree, 1 a value differs, 2 wrong usage. Needs the packages TA-Lib and numpy.
"""

import csv
import re
import sys

import numpy
import talib

TOLERANCE = 1e-9
NAME = re.compile(r"^(sma|rsi|atr)\((\d+)\)$")


def peer(name, length, high, low, close):
    """TA-Lib's values of one series; NaN during warm-up."""
    if len(close) == 0:
        return close
    if name == "sma":
        # TA-Lib accepts no window of one bar: the mean of one close is the close.
        return close if length == 1 else talib.SMA(close, timeperiod=length)
    if name == "rsi":
        return talib.RSI(close, timeperiod=length)
    return talib.ATR(high, low, close, timeperiod=length)


def is_flat(close, end):
    return bool(numpy.all(close[: end + 1] == close[0]))


def compare(series, column, rows):
    """Prints what differs; returns (values compared, values left out, values that differ)."""
    name, length = NAME.match(column).groups()
    high, low, close = (numpy.array([float(row[key]) for row in rows]) for key in ("high", "low", "close"))
    ours = numpy.array([float(row[column]) if row[column] else numpy.nan for row in rows])
    theirs = peer(name, int(length), high, low, close)
    compared = skipped = wrong = 0
    for bar, (value, reference) in enumerate(zip(ours, theirs)):
        if name == "rsi" and is_flat(close, bar) and not numpy.isnan(reference):
            skipped += 1
            continue
        if numpy.isnan(reference) and numpy.isnan(value):
            continue
        compared += 1
        if numpy.isnan(value) != numpy.isnan(reference) or abs(value - reference) > TOLERANCE * max(abs(reference), 1e-12):
            wrong += 1
            if wrong <= 5:
                print(f"{series} {column} bar {bar}: {value!r}, TA-Lib {reference!r}", file=sys.stderr)
    return compared, skipped, wrong


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    source = sys.stdin if arguments[0] == "-" else open(arguments[0], newline="", encoding="utf-8")
    with source:
        reader = csv.DictReader(source)
        columns = [name for name in reader.fieldnames or [] if NAME.match(name)]
        missing = {"high", "low", "close"} - set(reader.fieldnames or [])
        if missing or not columns:
            print(f"columns needed: high, low, close and one like sma(20); found {reader.fieldnames}", file=sys.stderr)
            return 2
        groups = {}
        for row in reader:
            groups.setdefault(row.get("instrument") or "series", []).append(row)
    totals = [0, 0, 0]
    for series, rows in groups.items():
        for column in columns:
            totals = [total + part for total, part in zip(totals, compare(series, column, rows))]
    print(f"{totals[0]} values compared, {totals[1]} left out (no movement), {totals[2]} differ")
    return 1 if totals[2] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
