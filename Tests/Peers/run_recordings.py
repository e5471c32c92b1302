#!/usr/bin/env python3
"""Plays real recordings through the program and compares the lake with what DuckDB computes from the original files.

Needs the recordings (TAPEDECK_DATA or shared/data beside a folder above the checkout); exit code 77 says they are missing.
"""

import csv
import datetime
import gzip
import json
import lzma
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import zipfile
import zoneinfo

import polars
from deltalake import DeltaTable

from peer import HERE, check, finish, open_lake, recordings, run

NS = 1_000_000_000


def replay(path, data, *options):
    """Replays `path` into the data folder and returns the summary."""
    done = run("replay", path, "--data", data, "--json", *options, timeout=900)
    if done.returncode != 0:
        print(done.stderr[-4000:], file=sys.stderr)
        raise SystemExit(f"replay of {path} ended with {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def same_in_all_readers(data, table):
    folder = str(data / "lake" / table)
    database = open_lake(data)
    by_duckdb = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    by_deltalake = DeltaTable(folder).to_pyarrow_table(columns=["journal_offset"]).num_rows
    by_polars = polars.scan_delta(folder).select(polars.len()).collect().item()
    check(f"{table}: DuckDB, deltalake and polars read the same rows", by_duckdb == by_deltalake == by_polars,
          f"{by_duckdb}, {by_deltalake}, {by_polars}")


def reader(script, argument):
    return subprocess.run([sys.executable, str(HERE / script), str(argument)], capture_output=True, text=True)


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


def compare_bars(database, interval, seconds, price_type, source, price, volume, start=None):
    """Every bar of the lake against the same bar by SQL over the original rows, and the other way round.

    `start` is SQL for the bar's start, null for rows of no bar; multiples of `seconds` unless given."""
    start = start or f"time_ns // {seconds * NS} * {seconds * NS}"
    database.execute(f"""CREATE OR REPLACE TEMP TABLE expected AS
        SELECT symbol, start_ns,
          arg_min({price}, (time_ns, line)) AS open, max({price}) AS high, min({price}) AS low,
          arg_max({price}, (time_ns, line)) AS close, sum({volume})::DOUBLE AS volume, count(*) AS trades
        FROM (SELECT *, {start} AS start_ns FROM {source}) WHERE start_ns IS NOT NULL GROUP BY ALL""")
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
    summary = replay(folder / "us_equity_ticks", data, "--bars", "1s,1m,1h,1d")
    print(summary)
    database = open_lake(data)
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
    trading_days(folder, database)
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
    talib = reader("talib_indicators.py", table)
    check("equities: SMA, RSI and ATR equal TA-Lib's", talib.returncode == 0, (talib.stdout + talib.stderr).strip()[-200:])


def trading_days(folder, database):
    """Bars of a trading day: from the opening of New York to its close and the minute of the closing auction."""
    midnight = "(time_ns - 4 * 3600000000000) // 86400000000000 * 86400000000000 + 4 * 3600000000000"
    opening, end = f"({midnight} + 34200000000000)", f"({midnight} + 57660000000000)"
    compare_bars(database, "1d", 0, "trade", "equities", "price", "size",
                 start=f"CASE WHEN time_ns >= {opening} AND time_ns < {end} THEN {opening} END")
    outside = database.execute(f"SELECT count(*) FROM equities WHERE time_ns < {opening} OR time_ns >= {end}").fetchone()[0]
    check("equities: trades before and after trading hours are in no daily bar", outside > 1000, f"{outside} trades")
    official = {}
    for symbol in ["aig", "bac", "spy"]:
        with zipfile.ZipFile(folder / f"us_equity_daily/daily/{symbol}.zip") as archive:
            for line in archive.read(archive.namelist()[0]).decode().splitlines():
                cells = line.split(",")
                official[symbol.upper(), cells[0][:8]] = [int(cell) / 10000 for cell in cells[1:5]] + [int(cells[5])]
    rows = database.execute("""SELECT symbol, strftime(make_timestamp(start_ns // 1000), '%Y%m%d'), open, high, low, close, volume
        FROM bars WHERE interval = '1d' AND price_type = 'trade' AND symbol IN ('AIG', 'BAC', 'SPY')""").fetchall()
    # The vendor leaves out trades by their sale conditions.
    prices = max(abs(row[2 + field] / official[row[0], row[1]][field] - 1) for row in rows for field in (0, 3))
    volume = max(abs(row[6] / official[row[0], row[1]][4] - 1) for row in rows)
    check("equities: daily bars are near the vendor's own", len(rows) == 9 and prices < 0.002 and volume < 0.07,
          f"open and close within {prices:.2%}, volume within {volume:.1%}")


def currencies(folder, work):
    data = work / "currencies"
    summary = replay(folder / "fx_ticks", data, "--bars", "1s,1m,1h")
    print(summary)
    database = open_lake(data)
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
        database = open_lake(data)
        rows, distinct, low, high = database.execute(
            "SELECT count(*), count(DISTINCT trade_id), min(trade_id), max(trade_id) FROM trades").fetchone()
        check(f"{name}: trades stored once, ids contiguous", rows == distinct == count == high - low + 1, f"{rows} trades")
        check(f"{name}: played twice, the second time every trade is a duplicate",
              first["duplicates"] == repeated_quotes(lines) and second["duplicates"] >= count,
              f"{first['duplicates']} then {second['duplicates']}")
        check(f"{name}: no dead letters", first["dead_letters"] == 0 and first["gaps"] == 0)
        kinds = database.execute("SELECT kind, count(*) FROM coverage GROUP BY ALL ORDER BY ALL").fetchall()
        spans = database.execute("""SELECT count(*) FROM coverage, (SELECT min(event_time_ns) AS first, max(event_time_ns) AS last
            FROM (SELECT event_time_ns FROM trades UNION ALL SELECT event_time_ns FROM quotes)) WHERE from_ns = first AND to_ns = last + 1""").fetchone()[0]
        check(f"{name}: covered from its first to its last event, nothing missing, and the second time nothing more",
              kinds == [("connection", 1)] and spans == 1,
              f"{kinds}")
    readers = reader("lake_readers.py", data / "lake")
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
    missing = open_lake(data).execute("""SELECT kind, count(*)::INT, sum(missing)::INT FROM coverage
        WHERE kind <> 'connection' GROUP BY ALL ORDER BY ALL""").fetchall()
    check("damaged copy: coverage has every hole, and the one that filled late",
          missing == [("backfill", 1, 1), ("sequence_gap", len(dropped) + 1, len(dropped) + 1)], str(missing))
    ids = trade_ids([lines[index] for index in sorted(dropped)] + [lines[50]])
    told = open_lake(data).execute("""SELECT symbol, first_id FROM coverage
        WHERE kind = 'sequence_gap' AND first_id = last_id ORDER BY ALL""").fetchall()
    check("damaged copy: the numbers in coverage are those that were taken out",
          told == sorted((symbol, number) for symbol, numbers in ids.items() for number in numbers), f"{len(told)} numbers")
    check("damaged copy: rows stored", open_lake(data).execute("SELECT count(*) FROM trades").fetchone()[0] == len(lines) - len(dropped))


def parquet(folder, work):
    source = folder / "binance_parquet/btcusdt-trades.parquet"
    data = work / "parquet"
    replay(source, data, "--symbol", "BTCUSDT", "--venue", "BINANCE")
    database = open_lake(data)
    # DuckDB's own reading of the file is the reference.
    different = database.execute(f"""SELECT count(*) FROM (
        SELECT epoch_ns(timestamp) AS t, trade_id::BIGINT, price::DOUBLE, quantity::DOUBLE, CASE WHEN buyer_maker::BOOLEAN THEN 'sell' ELSE 'buy' END
        FROM '{source}' EXCEPT ALL SELECT event_time_ns, trade_id, price, size, side FROM trades)""").fetchone()[0]
    rows = database.execute("SELECT count(*) FROM trades").fetchone()[0]
    check("parquet: trades equal DuckDB's reading", rows == 2001 and different == 0, f"{rows} trades, {different} differ")


def history(folder, work):
    """Ticks of Dukascopy, TrueFX, HistData and tardis: every value against a reading of the original files by Python."""
    data = work / "history"
    summary = replay(folder / "fx_dukascopy_bi5", data)
    ticks = []
    for path in sorted((folder / "fx_dukascopy_bi5").rglob("*.bi5")):
        year, month, day = (int(part) for part in path.parts[-4:-1])
        hour = datetime.datetime(year, month + 1, day, int(path.name[:2]), tzinfo=datetime.timezone.utc)
        for ms, ask, bid, ask_volume, bid_volume in struct.iter_unpack(">IIIff", lzma.decompress(path.read_bytes())):
            ticks.append((int(hour.timestamp()) * NS + ms * 1_000_000, bid / 1000, ask / 1000,
                          float(round(bid_volume * 1e6)), float(round(ask_volume * 1e6))))
    stored = open_lake(data).execute(
        "SELECT event_time_ns, bid, ask, bid_size, ask_size FROM quotes ORDER BY event_time_ns").fetchall()
    check("dukascopy: every tick equals Python's reading", stored == sorted(ticks) and len(ticks) == 58953,
          f"{len(stored)} ticks, {summary['dead_letters']} dead letters")

    data = work / "truefx"
    replay(folder / "fx_quotes_truefx", data)
    different = open_lake(data).execute(f"""SELECT count(*) FROM (
        SELECT epoch_ns(timestamp::TIMESTAMPTZ), bid, ask FROM read_csv('{folder}/fx_quotes_truefx/usdjpy-ticks.csv')
        EXCEPT ALL SELECT event_time_ns, bid, ask FROM quotes)""").fetchone()[0]
    locked = open_lake(data).execute("SELECT count(*), count(*) FILTER (flags = 2) FROM quotes").fetchone()
    check("truefx: quotes equal DuckDB's reading, one is locked", different == 0 and locked == (1000, 1), str(locked))

    data = work / "histdata"
    replay(folder / "fx_quotes_histdata", data, "--symbol", "EURUSD")
    lines = gzip.open(folder / "fx_quotes_histdata/quote_tick_data.csv.gz", "rt").read().split()
    expected = []
    for day, rest in zip(lines[::2], lines[1::2]):
        time, bid, ask, _ = rest.split(",")
        moment = datetime.datetime.strptime(day + time[:6] + " -0500", "%Y%m%d%H%M%S %z")
        expected.append((int(moment.timestamp()) * NS + int(time[6:]) * 1_000_000, float(bid), float(ask)))
    stored = open_lake(data).execute("SELECT event_time_ns, bid, ask FROM quotes ORDER BY 1").fetchall()
    check("histdata: quotes five hours behind UTC", stored == expected and len(expected) == 9500, f"{len(stored)} quotes")

    data = work / "tardis"
    replay(folder / "tardis_samples", data)
    database, samples = open_lake(data), folder / "tardis_samples"
    books = " UNION ALL ".join(f"""SELECT exchange, symbol, timestamp * 1000, local_timestamp * 1000, "bids[0].price",
        "asks[0].price", "bids[0].amount", "asks[0].amount" FROM read_csv('{samples}/{name}', all_varchar=false)"""
        for name in ["binance-futures_book_snapshot_5_BTCUSDT.csv", "binance-futures_book_snapshot_25_BTCUSDT.csv"])
    different = database.execute(f"""SELECT count(*) FROM ((
        SELECT exchange, symbol, timestamp * 1000, local_timestamp * 1000, bid_price, ask_price, bid_amount::DOUBLE,
          ask_amount::DOUBLE FROM read_csv('{samples}/huobi-dm-swap_quotes_BTC-USD.csv') UNION ALL {books})
        EXCEPT ALL SELECT venue, symbol, event_time_ns, ingest_time_ns, bid, ask, bid_size, ask_size FROM quotes)"""
    ).fetchone()[0]
    trades = database.execute(f"""SELECT count(*) FROM (
        SELECT timestamp * 1000, local_timestamp * 1000, side, price, amount::DOUBLE
        FROM read_csv('{samples}/bitmex_trades_XBTUSD.csv')
        EXCEPT ALL SELECT event_time_ns, ingest_time_ns, side, price, size FROM trades)""").fetchone()[0]
    counts = database.execute("SELECT (SELECT count(*) FROM trades), (SELECT count(*) FROM quotes)").fetchone()
    check("tardis: trades, quotes and best of books equal DuckDB's reading",
          different == 0 and trades == 0 and counts == (10, 30), str(counts))


def new_york(text, form):
    return int(datetime.datetime.strptime(text, form).replace(tzinfo=zoneinfo.ZoneInfo("America/New_York")).timestamp()) * NS


def vendors(folder, work):
    """Bars of vendors and US equities with their splits and tickers, against a reading of the files by Python."""
    data = work / "alphavantage"
    replay(folder / "vendor_alphavantage", data, "--symbol", "MSFT")
    rows = list(csv.reader(open(folder / "vendor_alphavantage/mock_time_series_extended.csv")))[1:]
    expected = [(new_york(row[0], "%Y-%m-%d %H:%M:%S") - 60 * NS, *map(float, row[1:])) for row in reversed(rows)]
    stored = open_lake(data).execute(
        "SELECT start_ns, open, high, low, close, volume FROM bars WHERE source = 'alphavantage' ORDER BY start_ns").fetchall()
    check("alphavantage: bars in the order of time", stored == expected and len(stored) == 11190, f"{len(stored)} bars")

    data = work / "daily"
    summary = replay(folder / "us_equity_daily", data)
    root, database = folder / "us_equity_daily", open_lake(data)
    holders, factors = {}, {}
    for path in sorted((root / "map_files").glob("*.csv")):
        rows = [line.split(",") for line in path.read_text().split()]
        start = rows[0][0]
        for day, ticker, *_ in rows[1:]:
            if day >= start:
                holders.setdefault(ticker.upper(), []).append((start, day, path.stem))
            start = (datetime.datetime.strptime(day, "%Y%m%d") + datetime.timedelta(days=1)).strftime("%Y%m%d")
        factors[path.stem] = [line.split(",") for line in (root / "factor_files" / path.name).read_text().split()]
    expected, others = {}, {}
    for path in sorted((root / "daily").glob("*.zip")):
        ticker = path.stem.upper()
        archive = zipfile.ZipFile(path)
        for line in archive.read(archive.namelist()[0]).decode().split("\n"):
            if not line.strip():
                continue
            day, *values = line.strip().split(",")
            prices = [int(value) / 10_000 for value in values[:4]]
            company = next((name for start, end, name in holders.get(ticker, []) if start <= day[:8] <= end), None)
            adjusted = None
            if company:
                factor = next(row for row in factors[company] if row[0] >= day[:8])
                adjusted = prices[3] * (float(factor[1]) * float(factor[2]))
            else:
                others[ticker] = others.get(ticker, 0) + 1
            expected[ticker, new_york(day[:8], "%Y%m%d")] = (*prices, float(values[4]), adjusted)
    stored = {(symbol, start): tuple(rest) for symbol, start, *rest in database.execute(
        "SELECT symbol, start_ns, open, high, low, close, volume, adjusted_close FROM bars WHERE source = 'lean'").fetchall()}
    check("us_equity_daily: every bar and adjusted close equals Python's", stored == expected,
          f"{len(stored)} bars, {summary['dead_letters']} dead letters")
    flagged = dict(database.execute("""SELECT b.symbol, count(*) FROM bars b JOIN instruments i
        ON b.venue = i.venue AND b.symbol = i.symbol AND b.date BETWEEN i.valid_from AND i.valid_to
        WHERE i.name = 'another company' AND b.adjusted_close IS NULL GROUP BY ALL""").fetchall())
    check("us_equity_daily: bars of other companies are told apart", flagged == others and len(others) == 5, str(flagged))
    company = database.execute("""SELECT count(*), count(DISTINCT b.date), list(DISTINCT b.symbol ORDER BY b.symbol) FROM bars b
        JOIN instruments i ON b.venue = i.venue AND b.symbol = i.symbol
          AND b.date BETWEEN i.valid_from AND coalesce(i.valid_to, DATE '9999-12-31')
        WHERE i.permanent_id = 'UW 1998-01-02'""").fetchone()
    check("us_equity_daily: one company over three tickers", company == (5849, 5849, ["UW", "WM", "WMI"]), str(company))
    gaps = dict(database.execute("""SELECT symbol, max(days) FROM (
        SELECT symbol, date - lag(date) OVER (PARTITION BY symbol ORDER BY date) AS days FROM bars) GROUP BY ALL""").fetchall())
    known = {"EEM": 127, "FB": 3339, "QQQ": 2304, "USO": 2658, "WM": 313}
    check("us_equity_daily: longest gaps as known", {name: gaps[name] for name in known} == known, str(gaps))
    # Each split moves the raw close by about its ratio, and the adjusted close hardly.
    jumps = database.execute("""SELECT a.symbol, a.value, b.close, b.before, b.adjusted_close / b.adjusted_before - 1
        FROM corporate_actions a JOIN (
          SELECT symbol, start_ns, close, adjusted_close, lag(close) OVER w AS before, lag(adjusted_close) OVER w AS adjusted_before
          FROM bars WHERE source = 'lean' WINDOW w AS (PARTITION BY symbol ORDER BY start_ns)) b
        ON a.symbol = b.symbol AND a.effective_ns = b.start_ns WHERE a.kind = 'split' AND b.adjusted_before IS NOT NULL""").fetchall()
    check("us_equity_daily: splits lie on the day on which prices jump",
          len(jumps) >= 13 and all(abs(close * value / before - 1) < 0.25 and abs(change) < 0.25
                                   for _, value, close, before, change in jumps), f"{len(jumps)} splits")
    again = replay(folder / "us_equity_daily", data)
    check("us_equity_daily: played again, nothing is new", again["rows_stored"] == 0, f"{again['duplicates']} duplicates")


def main():
    folder = recordings()
    if folder is None:
        print("SKIPPED: recordings not found (set TAPEDECK_DATA)")
        sys.exit(77)
    chosen = sys.argv[1:] or ["equities", "currencies", "crypto", "parquet", "history", "vendors"]
    with tempfile.TemporaryDirectory(prefix="tapedeck-recordings-") as work:
        for name in chosen:
            print(f"-- {name}")
            {"equities": equities, "currencies": currencies, "crypto": crypto, "parquet": parquet, "history": history,
             "vendors": vendors}[name](folder, pathlib.Path(work))
    finish()


if __name__ == "__main__":
    main()
