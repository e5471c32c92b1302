"""What is compared: each case is a program of its own, with the work it does and what it was given."""

import dataclasses

INGEST, BARS, QUERIES = "ingest", "bars", "queries"


@dataclasses.dataclass(frozen=True)
class Case:
    """One row of a table. In `command` `{frames}` and the like are replaced by the inputs of a run, see `inputs.py`."""

    name: str
    group: str
    system: str
    work: str
    command: str
    is_tapedeck: bool = False
    is_slow: bool = False
    needs_java: bool = False
    # Whether its bars must add up to the reference's; if not, `work` says why.
    is_exact: bool = True


PLAN = [
    Case(
        "ingest-duckdb", INGEST, "websockets → orjson → DuckDB file",
        "trades validated and stored, a transaction per 50,000", "{python} {cases}/ingest.py duckdb {frames} {work} {rows}",
    ),
    Case(
        "ingest-parquet", INGEST, "websockets → orjson → Arrow → Parquet",
        "trades validated and stored, durable only at the end", "{python} {cases}/ingest.py parquet {frames} {work} {rows}",
    ),
    Case(
        "ingest-chdb", INGEST, "websockets → orjson → Arrow → chDB MergeTree",
        "trades validated and stored, parts not synced", "{python} {cases}/ingest.py chdb {frames} {work} {rows}",
    ),
    Case(
        "tapedeck-live", INGEST, "**`tapedeck run`**, same server",
        "durable journal, decode, bars at 3 intervals + indicators, Delta lake; start and end of the program included, the last bars stay open",
        "{python} {cases}/tapedeck_live.py {tapedeck} {frames} {work} {rows}", is_tapedeck=True, is_exact=False,
    ),
    Case(
        "tapedeck-end-to-end", INGEST, "**`tapedeck bench end-to-end`**", "the same, frames from memory, no socket",
        "{tapedeck} bench end-to-end --rows {rows} --rate {rate} --instruments {instruments}", is_tapedeck=True,
    ),
    Case(
        "tapedeck-end-to-end-default", INGEST, "**`tapedeck bench end-to-end`**, its default of 50,000 trades/s",
        "the same, a busier market: fewer bars for as many trades",
        "{tapedeck} bench end-to-end --rows {rows} --instruments {instruments}", is_tapedeck=True,
    ),
    Case(
        "bars-python", BARS, "plain Python + orjson", "1 min OHLCV + SMA/RSI/ATR; drops late trades of ended bars",
        "{python} {cases}/bars_python.py {frames} {rows}", is_exact=False,
    ),
    Case(
        "bars-bytewax", BARS, "bytewax", "1 min OHLCV + SMA/RSI/ATR", "{python} {cases}/bars_bytewax.py {frames} {rows}",
        is_slow=True,
    ),
    Case(
        "bars-flink", BARS, "PyFlink, Table TUMBLE, 2 slots", "1 min OHLCV; one JSON object per trade; warm JVM",
        "{python} {cases}/bars_flink.py {flat} {flat_warm_up} {rows} {work}", needs_java=True,
    ),
    Case(
        "bars-spark", BARS, "Spark Structured Streaming, local[2]", "1 min OHLCV; the last window stays open; warm JVM",
        "{python} {cases}/bars_spark.py {parts} {parts_warm_up} {rows} {work}", needs_java=True, is_exact=False,
    ),
    Case(
        "bars-nautilus", BARS, "NautilusTrader backtest engine",
        "1 min OHLCV + SMA/RSI/ATR; late trades count where they arrive, the last bar stays open",
        "{python} {cases}/bars_nautilus.py {frames} {rows}", is_slow=True, is_exact=False,
    ),
    Case(
        "bars-duckdb", BARS, "*DuckDB, batch*", "1 min OHLCV + indicators from the file in one statement; simple averages",
        "{python} {cases}/bars_duckdb.py {frames} {rows}",
    ),
    Case(
        "bars-polars", BARS, "*polars, batch*", "1 min OHLCV + SMA/RSI/ATR from the file",
        "{python} {cases}/bars_polars.py {frames} {rows}",
    ),
    Case(
        "tapedeck-decode", BARS, "**`tapedeck bench decode`**", "frames in memory to columns, 1 core",
        "{tapedeck} bench decode --rows {rows}", is_tapedeck=True,
    ),
    Case(
        "tapedeck-bars", BARS, "**`tapedeck bench bars`**", "columns to 1 s, 1 min, 1 h OHLCV + SMA/RSI/ATR, 1 core",
        "{tapedeck} bench bars --rows {rows}", is_tapedeck=True,
    ),
    Case(
        "query-duckdb", QUERIES, "DuckDB", "Parquet sorted by instrument", "{python} {cases}/queries.py duckdb {sorted} {rows}"
    ),
    Case(
        "query-polars", QUERIES, "polars", "Parquet sorted by instrument", "{python} {cases}/queries.py polars {sorted} {rows}"
    ),
    Case(
        "query-chdb", QUERIES, "chDB", "Parquet sorted by instrument", "{python} {cases}/queries.py chdb {sorted} {rows}"
    ),
    Case(
        "query-duckdb-lake", QUERIES, "DuckDB", "files of Tapedeck's lake", "{python} {cases}/queries.py duckdb-lake {lake} {rows}"
    ),
    Case(
        "query-tapedeck", QUERIES, "**Tapedeck**, HTTP", "its lake, answer as JSON over HTTP",
        "{python} {cases}/queries_tapedeck.py {tapedeck} {frames} {work} {rows}", is_tapedeck=True,
    ),
]  # fmt: skip
