"""Stored queries: `queries.py ENGINE SOURCE ROWS [REPEATS]`. ENGINE is duckdb, polars or chdb over a Parquet file
sorted by instrument and time; or duckdb-lake over the files of a Tapedeck data folder. Answers are fetched into Arrow (polars:
its own frame). One unmeasured round fills the page cache."""

import json
import os
import pathlib
import resource
import statistics
import sys
import time

from meter import peak_of

# The names of what is asked, as in QUERIES of each engine: one instrument's bars, all bars, last prices, VWAP.
SYMBOL = "S42"
ONE, ALL, LAST, VWAP = "one", "all", "last", "vwap"


def bars_sql(where, minute, first, last):
    return (
        f"SELECT s, {minute} AS m, {first} AS o, max(p) AS h, min(p) AS l, {last} AS c, sum(v) AS v"
        f" FROM trades {where} GROUP BY s, m ORDER BY s, m"
    )


def duckdb_queries(relation):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW trades AS {relation}")

    def ask(sql):
        return lambda: connection.sql(sql).to_arrow_table()

    def bars(where):
        return bars_sql(where, "t // 60000", "arg_min(p, t)", "arg_max(p, t)")

    return {
        ONE: ask(bars(f"WHERE s = '{SYMBOL}'")),
        ALL: ask(bars("")),
        LAST: ask("SELECT s, arg_max(p, t) AS p FROM trades GROUP BY s"),
        VWAP: ask("SELECT s, sum(p * v) / sum(v) AS vwap, sum(v) AS v FROM trades GROUP BY s"),
    }


def lake_files(folder):
    """Files of the lake's trades: those that its Delta log added and did not remove."""
    table, files = pathlib.Path(folder, "lake", "trades"), set()
    for commit in sorted(table.glob("_delta_log/*.json")):
        for action in map(json.loads, commit.read_text().splitlines()):
            if "add" in action:
                files.add(action["add"]["path"])
            if "remove" in action:
                files.discard(action["remove"]["path"])
    return [str(table / file) for file in sorted(files)]


def duckdb_parquet(source):
    return duckdb_queries(f"SELECT s, t, p, v FROM '{source}'")


def duckdb_lake(source):
    files = lake_files(source)
    return duckdb_queries(
        f"SELECT symbol AS s, event_time_ns // 1000000 AS t, price AS p, size AS v FROM read_parquet({files})"
    )


def chdb_parquet(source):
    from chdb import session

    engine = session.Session()
    engine.query("CREATE DATABASE d ENGINE = Atomic")
    engine.query(f"CREATE VIEW d.trades AS SELECT s, t, p, v FROM file('{source}', Parquet)")

    def ask(sql):
        return lambda: engine.query(sql.replace("FROM trades", "FROM d.trades"), "ArrowTable")

    def bars(where):
        # Names of results differ from those of columns, since aliases go before columns here.
        sql = bars_sql(where, "intDiv(t, 60000)", "argMin(p, t)", "argMax(p, t)")
        return sql.replace("sum(v) AS v", "sum(v) AS volume")

    return {
        ONE: ask(bars(f"WHERE s = '{SYMBOL}'")),
        ALL: ask(bars("")),
        LAST: ask("SELECT s, argMax(p, t) AS price FROM trades GROUP BY s"),
        VWAP: ask("SELECT s, sum(p * v) / sum(v) AS vwap, sum(v) AS volume FROM trades GROUP BY s"),
    }


def polars_parquet(source):
    import polars as pl

    trades = pl.scan_parquet(source)
    price, size, by_time = pl.col("p"), pl.col("v"), pl.col("p").sort_by("t", maintain_order=True)

    def bars(rows):
        minutes = rows.group_by("s", (pl.col("t") // 60_000).alias("m"))
        totals = minutes.agg(o=by_time.first(), h=price.max(), l=price.min(), c=by_time.last(), v=size.sum())
        return totals.sort("s", "m")

    by_symbol = trades.group_by("s")
    return {
        ONE: bars(trades.filter(pl.col("s") == SYMBOL)).collect,
        ALL: bars(trades).collect,
        LAST: by_symbol.agg(p=by_time.last()).collect,
        VWAP: by_symbol.agg(vwap=(price * size).sum() / size.sum(), v=size.sum()).collect,
    }


ENGINES = {"duckdb": duckdb_parquet, "duckdb-lake": duckdb_lake, "chdb": chdb_parquet, "polars": polars_parquet}


def length_of(answer):
    return answer.num_rows if hasattr(answer, "num_rows") else answer.height


def total_of(answer, names=("v", "volume")):
    """Sum of the answer's volumes, 0 where it has none."""
    columns = answer.column_names if hasattr(answer, "column_names") else answer.columns
    name = next((name for name in names if name in columns), None)
    if name is None:
        return 0.0
    values = answer[name].to_pylist() if hasattr(answer[name], "to_pylist") else answer[name].to_list()
    return sum(values)


def timed(query, repeats):
    """Median milliseconds of wall and processor time, and the last answer."""
    walls, cpus = [], []
    for _ in range(repeats):
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        answer = query()
        walls.append((time.perf_counter() - start) * 1e3)
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpus.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3)
    return statistics.median(walls), statistics.median(cpus), answer


def main(engine, source, rows, repeats=5):
    queries = ENGINES[engine](source)
    results = {}
    for name, query in queries.items():
        query()
        wall, cpu, answer = timed(query, repeats)
        results[name] = {"ms": wall, "cpu_ms": cpu, "answer_rows": length_of(answer), "volume": total_of(answer)}
    print(json.dumps({"rows": rows, "queries": results, "peak_rss_bytes": peak_of([os.getpid()])}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *map(int, sys.argv[4:5]))
