#!/usr/bin/env python3
"""Plays real recordings through the program and compares the lake with what DuckDB computes from the original files.

Needs the recordings (TAPEDECK_DATA or shared/data beside a folder above the checkout); exit code 77 says they are missing.
"""

import csv
import gzip
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import zipfile

import duckdb
import polars
from deltalake import DeltaTable

ROOT = pathlib.Path(os.environ.get("TAPEDECK_ROOT", pathlib.Path(__file__).resolve().parents[2]))
BINARY = os.environ.get("TAPEDECK_BINARY", str(ROOT / ".build/release/tapedeck"))
DEPS = pathlib.Path(os.environ.get("TAPEDECK_DEPS", ROOT / ".deps"))
NS = 1_000_000_000
failures = []


def recordings():
    if "TAPEDECK_DATA" in os.environ:
        return pathlib.Path(os.environ["TAPEDECK_DATA"])
    for folder in ROOT.parents:
        if (folder / "shared/data/README.md").exists():
            return folder / "shared/data"
    print("SKIPPED: recordings not found (set TAPEDECK_DATA)")
    sys.exit(77)


def check(name, holds, detail=""):
    print(("ok    " if holds else "FAILED") + f" {name}" + (f": {detail}" if detail else ""), flush=True)
    if not holds:
        failures.append(name)


def replay(path, data, *options):
    """Replays `path` into the data folder and returns the summary."""
    command = [BINARY, "replay", str(path), "--data", str(data), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode != 0:
        print(done.stderr[-4000:], file=sys.stderr)
        raise SystemExit(f"replay of {path} ended with {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def connect(data):
    """DuckDB over the lake's Delta tables, through the Delta reader."""
    database = duckdb.connect(config={"allow_unsigned_extensions": "false"})
    database.execute(f"LOAD '{DEPS / 'lib/delta.duckdb_extension'}'")
    database.execute("SET TimeZone = 'UTC'")
    for table in ["frames", "trades", "quotes", "bars", "indicators", "dead_letters"]:
        folder = data / "lake" / table
        if folder.exists():
            database.execute(f"CREATE VIEW {table} AS SELECT * FROM delta_scan('{folder}')")
    return database


def same_in_all_readers(data, table):
    folder = str(data / "lake" / table)
    database = connect(data)
    by_duckdb = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    by_deltalake = DeltaTable(folder).to_pyarrow_table(columns=["journal_offset"]).num_rows
    by_polars = polars.scan_delta(folder).select(polars.len()).collect().item()
    check(f"{table}: DuckDB, deltalake and polars read the same rows", by_duckdb == by_deltalake == by_polars,
          f"{by_duckdb}, {by_deltalake}, {by_polars}")


def peer(script, argument):
    return subprocess.run([sys.executable, str(pathlib.Path(__file__).parent / script), str(argument)],
                          capture_output=True, text=True)


def load_zipped(database, name, files, columns):
    """Loads CSV members of zip files into a table with the file's place and the line number."""
    database.execute(f"CREATE TABLE {name} (symbol VARCHAR, day VARCHAR, line BIGINT, {columns})")
    for path in files:
        with zipfile.ZipFile(path) as archive, tempfile.NamedTemporaryFile(suffix=".csv") as extracted:
            extracted.write(archive.read(archive.namelist()[0]))
            extracted.flush()
            names = [column.split()[0] for column in columns.split(", ")]
            types = ", ".join(f"'{column.split()[0]}': '{column.split()[1]}'" for column in columns.split(", "))
            database.execute(
                f"INSERT INTO {name} SELECT ?, ?, row_number() OVER (), {', '.join(names)} FROM "
                f"read_csv('{extracted.name}', header=false, columns={{{types}}}, parallel=false)",
                [path.parent.name, path.name[:8]])


def compare_bars(database, interval, seconds, price_type, source, price, volume):
    """Every bar of the lake against the same bar by SQL over the original rows, and the other way round."""
    database.execute(f"""CREATE OR REPLACE TEMP TABLE expected AS
        SELECT symbol, time_ns // {seconds * NS} * {seconds * NS} AS start_ns,
          arg_min({price}, (time_ns, line)) AS open, max({price}) AS high, min({price}) AS low,
          arg_max({price}, (time_ns, line)) AS close, sum({volume})::DOUBLE AS volume, count(*) AS trades
        FROM {source} GROUP BY ALL""")
    database.execute(f"""CREATE OR REPLACE TEMP TABLE actual AS
        SELECT symbol, start_ns, open, high, low, close, volume, trades FROM bars
        WHERE interval = '{interval}' AND price_type = '{price_type}'""")
    expected = database.execute("SELECT count(*) FROM expected").fetchone()[0]
    actual = database.execute("SELECT count(*) FROM actual").fetchone()[0]
    missing = database.execute("SELECT count(*) FROM (FROM expected EXCEPT ALL FROM actual)").fetchone()[0]
    extra = database.execute("SELECT count(*) FROM (FROM actual EXCEPT ALL FROM expected)").fetchone()[0]
    check(f"{source}: {interval} {price_type} bars equal DuckDB's", expected == actual and missing == 0 and extra == 0,
          f"{expected} bars, {missing} missing, {extra} extra")
    if missing:
        print(database.execute("SELECT * FROM (FROM expected EXCEPT ALL FROM actual) ORDER BY ALL LIMIT 3").fetchall())
        print(database.execute("SELECT * FROM (FROM actual EXCEPT ALL FROM expected) ORDER BY ALL LIMIT 3").fetchall())


def equities(folder, work):
    data = work / "equities"
    files = sorted((folder / "us_equity_ticks/tick").glob("*/*_trade.zip"))
    summary = replay(folder / "us_equity_ticks", data, "--bars", "1s,1m,1h")
    print(summary)
    database = connect(data)
    load_zipped(database, "raw", files,
                "ms BIGINT, price BIGINT, size BIGINT, exchange VARCHAR, flags VARCHAR, suspicious BIGINT")
    # New York is at UTC-4 on these days.
    database.execute("""CREATE TABLE equities AS SELECT upper(symbol) AS symbol, day, line, price / 10000 AS price, size,
        (epoch_ns(strptime(day, '%Y%m%d')) + (ms + 4 * 3600 * 1000) * 1000000)::BIGINT AS time_ns FROM raw""")
    per_file = """SELECT symbol, strftime(make_timestamp(time_ns // 1000) - INTERVAL 4 HOUR, '%Y%m%d') AS day,
        count(*), sum(size)::BIGINT FROM {} GROUP BY ALL ORDER BY ALL"""
    expected = database.execute(per_file.format("equities")).fetchall()
    actual = database.execute(per_file.format("(SELECT symbol, size, event_time_ns AS time_ns FROM trades)")).fetchall()
    check("equities: rows and volume per file", expected == actual and len(files) == 12,
          f"{sum(row[2] for row in actual)} trades in {len(actual)} files")
    minutes = database.execute("""WITH expected AS (
          SELECT symbol, time_ns // 60000000000 AS minute, sum(size)::DOUBLE AS volume FROM equities GROUP BY ALL),
        actual AS (SELECT symbol, start_ns // 60000000000 AS minute, volume FROM bars WHERE interval = '1m' AND price_type = 'trade')
        SELECT count(*), count(*) FILTER (e.volume IS DISTINCT FROM a.volume)
        FROM expected e FULL JOIN actual a USING (symbol, minute)""").fetchone()
    check("equities: one-minute volume equals DuckDB's SUM", minutes[0] > 0 and minutes[1] == 0,
          f"{minutes[0]} minutes, {minutes[1]} differ")
    for interval, seconds in [("1s", 1), ("1m", 60), ("1h", 3600)]:
        compare_bars(database, interval, seconds, "trade", "equities", "price", "size")
    check("equities: no dead letters, nothing late", summary["dead_letters"] == 0 and summary["late"] == 0)
    # TA-Lib has no notion of the days between sessions: one instrument, all bars in order.
    values = database.execute("""FROM (PIVOT (
        SELECT venue || ':' || symbol AS instrument, b.start_ns, high, low, close, name, value
        FROM bars b LEFT JOIN indicators i USING (venue, symbol, price_type, interval, start_ns)
        WHERE interval = '1m' AND price_type = 'trade') ON name IN ('sma(20)', 'rsi(14)', 'atr(14)') USING any_value(value)
        GROUP BY instrument, start_ns, high, low, close ORDER BY instrument, start_ns) SELECT * EXCLUDE (start_ns)""")
    table = work / "talib.csv"
    with open(table, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column[0] for column in values.description])
        writer.writerows(values.fetchall())
    talib = peer("talib_indicators.py", table)
    check("equities: SMA, RSI and ATR equal TA-Lib's", talib.returncode == 0, (talib.stdout + talib.stderr).strip()[-200:])


def currencies(folder, work):
    data = work / "currencies"
    summary = replay(folder / "fx_ticks", data, "--bars", "1s,1m,1h")
    print(summary)
    database = connect(data)
    for venue, hours in [("fxcm", 5), ("oanda", 0)]:
        shift = f"(epoch_ns(strptime(day, '%Y%m%d')) + (ms + {hours} * 3600 * 1000) * 1000000)::BIGINT"
        ticks = sorted((folder / "fx_ticks" / venue / "tick").glob("*/*.zip"))
        load_zipped(database, f"{venue}_raw", ticks, "ms BIGINT, bid DOUBLE, ask DOUBLE")
        database.execute(f"CREATE TABLE {venue} AS SELECT upper(symbol) AS symbol, line, bid, ask, {shift} AS time_ns, day FROM {venue}_raw")
        name = venue.upper()
        counted = f"""SELECT count(*), count(*) FILTER (bid > ask), count(*) FILTER (bid = ask) FROM {venue}"""
        stored = f"""SELECT count(*), count(*) FILTER (flags & 1 = 1), count(*) FILTER (flags & 2 = 2) FROM quotes WHERE venue = '{name}'"""
        expected, actual = database.execute(counted).fetchone(), database.execute(stored).fetchone()
        check(f"{venue}: quotes, crossed and locked", expected == actual, f"{actual}")
        total = different = 0
        for interval in ["second", "minute"]:
            own = sorted((folder / "fx_ticks" / venue / interval).glob("*/*.zip"))
            columns = "ms BIGINT, bo DOUBLE, bh DOUBLE, bl DOUBLE, bc DOUBLE, bs DOUBLE, ao DOUBLE, ah DOUBLE, al DOUBLE, ac DOUBLE, az DOUBLE"
            load_zipped(database, f"{venue}_{interval}", own, columns)
            text = "1s" if interval == "second" else "1m"
            rows = database.execute(f"""WITH own AS (SELECT {shift} AS start_ns, * FROM {venue}_{interval}),
                built AS (SELECT start_ns, max(open) FILTER (price_type='bid') AS bo, max(high) FILTER (price_type='bid') AS bh,
                  max(low) FILTER (price_type='bid') AS bl, max(close) FILTER (price_type='bid') AS bc,
                  max(open) FILTER (price_type='ask') AS ao, max(high) FILTER (price_type='ask') AS ah,
                  max(low) FILTER (price_type='ask') AS al, max(close) FILTER (price_type='ask') AS ac
                  FROM bars WHERE venue = '{name}' AND interval = '{text}' GROUP BY ALL)
                SELECT count(*), count(*) FILTER ((o.bo,o.bh,o.bl,o.bc,o.ao,o.ah,o.al,o.ac)
                  IS DISTINCT FROM (b.bo,b.bh,b.bl,b.bc,b.ao,b.ah,b.al,b.ac))
                FROM own o FULL JOIN built b USING (start_ns)""").fetchone()
            total += rows[0]
            different += rows[1]
        check(f"{venue}: the venue's own bid and ask bars", total > 0 and different == 0, f"{total} bars, {different} differ")
    correlation = database.execute("""WITH minutes AS (
          SELECT venue, start_ns // 60000000000 AS minute, close - lag(close) OVER (PARTITION BY venue ORDER BY start_ns) AS change
          FROM bars WHERE interval = '1m' AND price_type = 'bid')
        SELECT corr(f.change, o.change) FROM minutes f JOIN minutes o USING (minute)
        WHERE f.venue = 'FXCM' AND o.venue = 'OANDA'""").fetchone()[0]
    check("currencies: the two venues line up in UTC", correlation > 0.95, f"correlation of one-minute changes {correlation:.3f}")
    for table in ["quotes", "bars"]:
        same_in_all_readers(data, table)


def trade_ids(lines):
    ids = {}
    for line in lines:
        message = json.loads(line.split(b" ", 1)[1])
        if message.get("stream", "").endswith("@trade"):
            ids.setdefault(message["data"]["s"], []).append(message["data"]["t"])
    return ids


def crypto(folder, work):
    files = sorted((folder / "crypto_binance_ws").glob("*/*.gz"))
    for path in files:
        name = f"{path.parent.name}/{path.name}"
        lines = gzip.open(path).read().splitlines()
        expected = trade_ids(lines)
        count = sum(len(ids) for ids in expected.values())
        data = work / f"crypto-{path.parent.name}-{path.stem}"
        first = replay(path, data)
        second = replay(path, data)
        database = connect(data)
        rows, distinct, low, high = database.execute(
            "SELECT count(*), count(DISTINCT trade_id), min(trade_id), max(trade_id) FROM trades").fetchone()
        check(f"{name}: trades stored once, ids contiguous", rows == distinct == count == high - low + 1, f"{rows} trades")
        check(f"{name}: played twice, the second time every trade is a duplicate",
              first["duplicates"] == repeated_quotes(lines) and second["duplicates"] >= count,
              f"{first['duplicates']} then {second['duplicates']}")
        check(f"{name}: no dead letters", first["dead_letters"] == 0 and first["gaps"] == 0)
    readers = peer("lake_readers.py", data / "lake")
    check(f"{name}: every value of every table is the same to deltalake, polars and DuckDB", readers.returncode == 0,
          (readers.stdout + readers.stderr).strip()[-300:] if readers.returncode else "")
    damaged(files[1], work)


def repeated_quotes(lines):
    """Book tickers whose update number was seen before."""
    seen, repeated = set(), 0
    for line in lines:
        message = json.loads(line.split(b" ", 1)[1])
        if message.get("stream", "").endswith("@bookTicker"):
            key = (message["data"]["s"], message["data"]["u"])
            repeated += key in seen
            seen.add(key)
    return repeated


def damaged(path, work):
    """A copy with trades dropped, repeated and moved: the counts are known beforehand."""
    lines = gzip.open(path).read().splitlines()
    lines = [line for line in lines if b"@trade" in line[:80]]
    rng = random.Random(7)
    dropped = set(rng.sample(range(100, len(lines) - 100, 10), 40))
    repeated = set(rng.sample([i for i in range(105, len(lines) - 100, 10)], 60))
    out = []
    for index, line in enumerate(lines):
        if index in dropped:
            continue
        out.append(line)
        if index in repeated:
            out.append(line)
    # One early trade moved to the end, tens of seconds late: a duplicate of nothing, and late.
    out.append(out.pop(50))
    target = work / "damaged.jsonl"
    target.write_bytes(b"\n".join(out) + b"\n")
    data = work / "damaged"
    summary = replay(target, data)
    print(summary)
    check("damaged copy: every repeated line is a duplicate", summary["duplicates"] == len(repeated), str(summary["duplicates"]))
    check("damaged copy: every hole is a gap", summary["gaps"] == len(dropped), str(summary["gaps"]))
    check("damaged copy: the moved trade is late", summary["late"] == 1, str(summary["late"]))
    check("damaged copy: rows stored", connect(data).execute("SELECT count(*) FROM trades").fetchone()[0] == len(lines) - len(dropped))


def parquet(folder, work):
    source = folder / "binance_parquet/btcusdt-trades.parquet"
    data = work / "parquet"
    replay(source, data, "--symbol", "BTCUSDT", "--venue", "BINANCE")
    database = connect(data)
    # DuckDB's own reading of the file is the reference.
    different = database.execute(f"""SELECT count(*) FROM (
        SELECT epoch_ns(timestamp) AS t, trade_id::BIGINT, price::DOUBLE, quantity::DOUBLE, CASE WHEN buyer_maker::BOOLEAN THEN 'sell' ELSE 'buy' END
        FROM '{source}' EXCEPT ALL SELECT event_time_ns, trade_id, price, size, side FROM trades)""").fetchone()[0]
    rows = database.execute("SELECT count(*) FROM trades").fetchone()[0]
    check("parquet: trades equal DuckDB's reading", rows == 2001 and different == 0, f"{rows} trades, {different} differ")


def main():
    folder = recordings()
    chosen = sys.argv[1:] or ["equities", "currencies", "crypto", "parquet"]
    with tempfile.TemporaryDirectory(prefix="tapedeck-recordings-") as work:
        for name in chosen:
            print(f"-- {name}")
            {"equities": equities, "currencies": currencies, "crypto": crypto, "parquet": parquet}[name](folder, pathlib.Path(work))
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
