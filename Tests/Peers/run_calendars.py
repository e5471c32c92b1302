#!/usr/bin/env python3
"""Compares every session of every calendar with the package exchange_calendars, and New York's with real daily bars.

The daily bars need the recordings (TAPEDECK_DATA or shared/data beside a folder above the checkout); without them that
part is skipped and says so.
"""

import io
import zipfile

import exchange_calendars
import pandas

from peer import check, finish, recordings, run

COVERED = {
    "XNYS": ("1998-01-01", "2027-12-31"), "XNAS": ("1998-01-01", "2027-12-31"), "XLON": ("2015-01-01", "2027-12-31"),
    "XPAR": ("2015-01-01", "2027-12-31"), "XAMS": ("2015-01-01", "2027-12-31"), "XBRU": ("2015-01-01", "2027-12-31"),
    "XLIS": ("2015-01-01", "2027-12-31"), "XETR": ("2015-01-01", "2027-12-31"), "XFRA": ("2015-01-01", "2027-12-31"),
    "XHKG": ("2024-01-01", "2027-12-31"), "XTKS": ("2024-01-01", "2027-12-31"), "XSHG": ("2024-01-01", "2026-12-31"),
}


def ours(code, first, last):
    """Day to the edges of its stretches of trading, in nanoseconds."""
    done = run("calendars", code, "--from", first, "--to", last, "--csv")
    done.check_returncode()
    lines = [line.split(",") for line in done.stdout.splitlines()[1:]]
    return {line[0]: [int(edge) for edge in line[2:] if edge] for line in lines}


def theirs(code, first, last):
    calendar = exchange_calendars.get_calendar(code, start=first, end=last)
    sessions = {}
    for day, row in calendar.schedule.iterrows():
        edges = [row["open"], row["close"]]
        if not pandas.isna(row["break_start"]) and row["break_start"] < row["close"]:
            edges[1:1] = [row["break_start"], row["break_end"]]
        # An early close at noon leaves out the afternoon.
        if len(edges) == 4 and edges[2] >= edges[3]:
            edges = edges[:2]
        sessions[day.strftime("%Y-%m-%d")] = [edge.value for edge in edges]
    return sessions


def compare(code, first, last):
    mine, other = ours(code, first, last), theirs(code, first, last)
    differ = [day for day in sorted(mine.keys() | other.keys()) if mine.get(day) != other.get(day)]
    check(f"{code}: every session from {first} to {last}", mine and not differ,
          f"{len(mine)} sessions" if not differ else f"{len(differ)} differ, first {differ[:3]}")


def daily_bars():
    folder = recordings()
    path = folder and next((folder / "us_equity_daily").rglob("spy.zip"), None)
    if not path:
        print("SKIPPED: daily bars not found (set TAPEDECK_DATA)")
        return
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    days = {f"{d[:4]}-{d[4:6]}-{d[6:8]}" for d in (line.split(",")[0] for line in io.StringIO(text)) if d.strip()}
    first, last = min(days), max(days)
    sessions = set(ours("XNYS", first, last))
    check("XNYS: SPY has a daily bar on each trading day and on no other", sessions == days,
          f"{len(days)} days from {first} to {last}; missing {sorted(sessions - days)[:5]}, extra {sorted(days - sessions)[:5]}")


def main():
    for code, (first, last) in COVERED.items():
        compare(code, first, last)
    daily_bars()
    finish()


if __name__ == "__main__":
    main()
