"""The warehouse that dbt's target names: the table `quote_snapshots` with Tapedeck's columns, and `metadata_last_ts` with the marks.

A quote's `journal_offset` is here its number in the order of arrival, by symbol: the models take what is behind the highest they have.
"""

import contextlib
import datetime
import os

SCHEMA = os.environ.get("TAPEDECK_SOURCE", "tapedeck")
TIMES = ["fetched_at", "event_time"]
COLUMNS = {
    "venue": "text", "symbol": "text", "fetched_at": "time", "fetched_at_ns": "whole", "event_time": "time", "event_time_ns": "whole",
    "current": "number", "change": "number", "change_percent": "number", "high": "number", "low": "number", "open": "number",
    "previous_close": "number", "source": "text", "journal_offset": "whole", "frame_index": "whole", "object_key": "text",
}


def target():
    """Target of dbt: `duckdb`, `postgres` or `bigquery`."""
    return os.environ.get("TAPEDECK_TARGET", "duckdb")


@contextlib.contextmanager
def opened():
    """The warehouse, open until the block ends."""
    warehouse = {"duckdb": DuckDB, "postgres": PostgreSQL, "bigquery": BigQuery}[target()]()
    try:
        yield warehouse
    finally:
        warehouse.close()


def completed(rows, first):
    """Rows with what a warehouse adds: the number of arrival from `first` on."""
    return [{"frame_index": 0, **row, "journal_offset": first + place} for place, row in enumerate(rows)]


def text_of(time_ns):
    """A time as text, which has microseconds."""
    return (datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(microseconds=time_ns // 1000)).isoformat()


class Relational:
    """A database that takes SQL through Python's usual interface, in transactions."""

    types = {}
    placeholder = "?"
    # A time from nanoseconds, which stand twice in a row.
    time = ""

    def execute(self, sql, values=()):
        """Rows of a statement, which may be none."""
        raise NotImplementedError

    @contextlib.contextmanager
    def transaction(self):
        self.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def prepare(self):
        columns = ", ".join(f'"{name}" {self.types[kind]}' for name, kind in COLUMNS.items())
        self.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        self.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.quote_snapshots ({columns}, PRIMARY KEY (object_key))")
        self.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.metadata_last_ts (symbol {self.types['text']} PRIMARY KEY, "
                     f"last_ts {self.types['time']}, last_second {self.types['whole']})")

    def mark(self, symbol):
        rows = self.execute(f"SELECT last_second FROM {SCHEMA}.metadata_last_ts WHERE symbol = {self.placeholder}", [symbol])
        return rows[0][0] if rows else None

    def keys(self, symbol, second):
        """Keys of the objects that came in the second of a mark: more may have come in it since."""
        rows = self.execute(f"SELECT object_key FROM {SCHEMA}.quote_snapshots WHERE symbol = {self.placeholder} AND fetched_at_ns = {self.placeholder}",
                            [symbol, (second or 0) * 1_000_000_000])
        return {row[0] for row in rows}

    def load(self, symbol, rows):
        """Adds the rows whose objects are not there; how many."""
        with self.transaction():
            first, before = self.execute(f"SELECT COALESCE(MAX(journal_offset), -1) + 1, COUNT(*) FROM {SCHEMA}.quote_snapshots "
                                         f"WHERE symbol = {self.placeholder}", [symbol])[0]
            names = [f'"{name}"' for name in COLUMNS]
            values = [self.time if name in TIMES else self.placeholder for name in COLUMNS]
            for row in completed(rows, first):
                self.execute(f"INSERT INTO {SCHEMA}.quote_snapshots ({', '.join(names)}) VALUES ({', '.join(values)}) ON CONFLICT DO NOTHING",
                             [row[f"{name}_ns"] // 1000 if name in TIMES else row[name] for name in COLUMNS])
            return self.execute(f"SELECT COUNT(*) FROM {SCHEMA}.quote_snapshots WHERE symbol = {self.placeholder}", [symbol])[0][0] - before

    def move_mark(self, symbol, second):
        self.execute(f"INSERT INTO {SCHEMA}.metadata_last_ts VALUES ({self.placeholder}, {self.time}, {self.placeholder}) ON CONFLICT (symbol) "
                     "DO UPDATE SET last_ts = excluded.last_ts, last_second = excluded.last_second", [symbol, second * 1_000_000, second])


class DuckDB(Relational):
    """The file in TAPEDECK_WAREHOUSE."""

    types = {"text": "VARCHAR", "time": "TIMESTAMPTZ", "whole": "BIGINT", "number": "DOUBLE"}
    time = "(make_timestamp(?) AT TIME ZONE 'UTC')"

    def __init__(self):
        import duckdb

        self.connection = duckdb.connect(os.environ["TAPEDECK_WAREHOUSE"])

    def execute(self, sql, values=()):
        return self.connection.execute(sql, values).fetchall()

    def close(self):
        self.connection.close()


class PostgreSQL(Relational):
    """The database of PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE."""

    types = {"text": "text", "time": "timestamptz", "whole": "bigint", "number": "double precision"}
    placeholder = "%s"
    time = "(timestamptz '1970-01-01 00:00:00Z' + %s * interval '1 microsecond')"

    def __init__(self):
        import psycopg

        self.connection = psycopg.connect("", autocommit=True)

    def execute(self, sql, values=()):
        cursor = self.connection.execute(sql, values)
        return cursor.fetchall() if cursor.description else []

    def close(self):
        self.connection.close()


class BigQuery:
    """The dataset TAPEDECK_SOURCE of the project GOOGLE_CLOUD_PROJECT.

    Rows come by a load job, all or none, whose name is made of its objects: a job that was thought lost is found again by its name, and
    what it brought is known when the next one is made.
    """

    types = {"text": "STRING", "time": "TIMESTAMP", "whole": "INT64", "number": "FLOAT64"}

    def __init__(self):
        from google.cloud import bigquery

        self.bigquery, self.client = bigquery, bigquery.Client()

    def close(self):
        self.client.close()

    def query(self, sql, **values):
        kinds = {int: "INT64", str: "STRING"}
        parameters = [self.bigquery.ArrayQueryParameter(name, "STRING", value) if isinstance(value, list)
                      else self.bigquery.ScalarQueryParameter(name, kinds[type(value)], value) for name, value in values.items()]
        return [tuple(row) for row in self.client.query_and_wait(sql, job_config=self.bigquery.QueryJobConfig(query_parameters=parameters))]

    def prepare(self):
        columns = ", ".join(f"`{name}` {self.types[kind]}" for name, kind in COLUMNS.items())
        self.query(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.quote_snapshots ({columns}) CLUSTER BY symbol")
        self.query(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.metadata_last_ts (symbol STRING, last_ts TIMESTAMP, last_second INT64)")

    def mark(self, symbol):
        rows = self.query(f"SELECT MAX(last_second) FROM {SCHEMA}.metadata_last_ts WHERE symbol = @symbol", symbol=symbol)
        return rows[0][0]

    def keys(self, symbol, second):
        return {row[0] for row in self.query(f"SELECT object_key FROM {SCHEMA}.quote_snapshots WHERE symbol = @symbol AND fetched_at_ns = @time",
                                             symbol=symbol, time=(second or 0) * 1_000_000_000)}

    def load(self, symbol, rows):
        import hashlib

        from google.api_core.exceptions import Conflict

        known = {row[0] for row in self.query(f"SELECT object_key FROM {SCHEMA}.quote_snapshots WHERE symbol = @symbol AND object_key IN UNNEST(@keys)",
                                              symbol=symbol, keys=[row["object_key"] for row in rows])}
        first = self.query(f"SELECT COALESCE(MAX(journal_offset), -1) + 1 FROM {SCHEMA}.quote_snapshots WHERE symbol = @symbol", symbol=symbol)[0][0]
        fresh = completed([row for row in rows if row["object_key"] not in known], first)
        if not fresh:
            return 0
        name = "tapedeck-airflow-" + hashlib.sha256("\n".join(row["object_key"] for row in fresh).encode()).hexdigest()
        lines = [{**row, **{time: text_of(row[f"{time}_ns"]) for time in TIMES}} for row in fresh]
        table = f"{self.client.project}.{SCHEMA}.quote_snapshots"
        try:
            self.client.load_table_from_json(lines, table, job_id=name, job_config=self.bigquery.LoadJobConfig(
                write_disposition="WRITE_APPEND", schema=self.client.get_table(table).schema)).result()
        except Conflict:
            self.client.get_job(name).result()
        return len(fresh)

    def move_mark(self, symbol, second):
        """Adds a mark; the highest counts."""
        self.query(f"INSERT INTO {SCHEMA}.metadata_last_ts (symbol, last_ts, last_second) VALUES (@symbol, TIMESTAMP_SECONDS(@second), @second)",
                   symbol=symbol, second=second)
