"""What a dataset of BigQuery holds, read by Google's own client and compared with a lake by DuckDB."""

from peer import check, open_lake
from sink_pipeline import USUAL, SinkPipeline, declared

from bigquery_server import AWAY, PROJECT

# Partition columns of the lake. Tables that the lake keeps by month have their `date` as an ordinary column too.
PARTITIONS = {"date", "month"}
TYPES = {"timestamp": "TIMESTAMP", "date": "DATE", "int32": "INTEGER", "int64": "INTEGER", "boolean": "BOOLEAN",
         "float64": "FLOAT", "string": "STRING", "binary": "BYTES", "decimal(18, 8)": "NUMERIC"}
# BigQuery has one type of integers and one of decimals.
WIDENED = {"INTEGER": "BIGINT", "DECIMAL(18,8)": "DECIMAL(38,9)"}
# Tables that the lake keeps by month, and their times.
MONTHLY = {"bars": "start", "indicators": "start", "deals": "event_time", "positions": "event_time", "instruments": "updated",
           "corporate_actions": "effective", "coverage": "from", "diagnostics": "event_time", "logs": "event_time"}
DAILY = {"frames": "ingest_time", "dead_letters": "ingest_time", "quote_snapshots": "fetched_at"}


# Fewer rows than elsewhere: every value is read back by way of JSON.
MARKET = """  - simulator: { rate: 300, history: 5s }
  - transactions: { rate: 50, history: 5s, bad: 0.05 }
"""


class Pipeline(SinkPipeline):
    """A pipeline that is delivered to a dataset of its own. `repeats` is for rows that are streamed."""

    def __init__(self, server, work, name, options="flush: 200ms", tables=USUAL, port=None, repeats=False):
        self.server, self.options, self.repeats = server, options, repeats
        self.endpoint = f"http://127.0.0.1:{port or server.port}"
        self.client = server.client()
        self.dataset = name
        super().__init__("bigquery", work, name, tables)

    def configure(self, feeds=MARKET, **options):
        super().configure(feeds=feeds, **options)

    def sink_options(self, key=None, lacking=None):
        location = "" if lacking == "location" else "location: EU, "
        return (f'dataset: {PROJECT}.{self.dataset}, {location}credentials: "{key or self.server.key}", endpoint: "{self.endpoint}", '
                f"{self.options}")

    def delivered(self, table="trades"):
        """The offset that is noted of a table; -1 without."""
        try:
            labels = self.client.get_table(f"{self.dataset}.{table}", retry=None, timeout=5).labels
        except AWAY:
            return -1
        return next((int(value.split("_")[0]) for name, value in labels.items() if name.startswith(f"tapedeck-{self.name}-")), -1)

    def told(self, sql):
        """The rows of a query to BigQuery."""
        return [tuple(row.values()) for row in self.client.query_and_wait(sql)]

    def alter(self, table, change, fields):
        """Changes a column. The emulator's catalogue, unlike BigQuery's, has to be told."""
        self.told(f"ALTER TABLE {self.dataset}.{table} {change}")
        found = self.client.get_table(f"{self.dataset}.{table}")
        found.schema = fields(list(found.schema))
        self.client.update_table(found, ["schema"])

    def rejected(self):
        """Offsets that were not taken, by table."""
        refused = {}
        for table, offset in self.told(f"SELECT table_name, journal_offset FROM {self.dataset}.tapedeck_rejected"):
            refused.setdefault(table, []).append(offset)
        return refused

    def compare(self, name):
        counts, refused = compare(name, self)
        check(f"{name}: every row was taken", not refused, str(refused))
        return counts


def check_schema(pipeline):
    """Columns are named, ordered and typed as the reference says; tables are partitioned and clustered."""
    for table in pipeline.tables:
        found = pipeline.client.get_table(f"{pipeline.dataset}.{table}")
        stored = [(field.name, field.field_type) for field in found.schema if field.name not in PARTITIONS]
        wanted = [(name, TYPES[kind]) for name, kind, _ in declared()[table] if name not in PARTITIONS] + [("pipeline", "STRING")]
        check(f"{table}: its columns are those of the reference", stored == wanted, "" if stored == wanted else str(set(stored) ^ set(wanted)))
        partition = found.time_partitioning
        by = ("MONTH", MONTHLY[table]) if table in MONTHLY else ("DAY", DAILY.get(table, "event_time"))
        names = [name for name, *_ in declared()[table]]
        first = next(name for name in ("symbol", "feed", "metric", "level") if name in names)
        check(f"{table}: it is partitioned by {by[1]} and clustered by {first}",
              (partition.type_, partition.field) == by and found.clustering_fields[0] == first, f"{partition} {found.clustering_fields}")


def compare(name, pipeline):
    """Every row of the lake's tables is in the dataset once, all values the same, and nothing else; what is noted reaches as far.
    Returns the rows of each table, and the offsets that were not taken."""
    lake = open_lake(pipeline.data)
    counts, wrong, refused = {}, [], pipeline.rejected()
    for table in pipeline.tables:
        lake.register("delivered", pipeline.client.list_rows(f"{pipeline.dataset}.{table}", page_size=50_000).to_arrow())
        kinds = {column: kind for column, kind, *_ in lake.execute("DESCRIBE delivered").fetchall() if column != "pipeline"}
        known = {column: kind for column, kind, *_ in lake.execute(f"DESCRIBE {table}").fetchall()}
        odd = {column: (kind, known.get(column)) for column, kind in kinds.items()
               if WIDENED.get(known.get(column), known.get(column)) != kind}
        names = ", ".join(f'"{column}"' for column in kinds)
        counts[table], strangers, last = lake.execute(
            f"SELECT count(*), count(*) FILTER (pipeline <> '{pipeline.name}'), max(journal_offset) FROM delivered").fetchone()
        without = ", ".join([*map(str, refused.get(table, [])), "-2"])
        left, right = f"SELECT {names} FROM {table} WHERE journal_offset NOT IN ({without})", f"SELECT {names} FROM delivered"
        rule = "" if pipeline.repeats else "ALL"
        missing, extra = lake.execute(f"SELECT (SELECT count(*) FROM ({left} EXCEPT {rule} {right})), "
                                      f"(SELECT count(*) FROM ({right} EXCEPT {rule} {left}))").fetchone()
        if missing or extra or strangers or odd:
            example = lake.execute(f"({left} EXCEPT ALL {right}) UNION ALL ({right} EXCEPT ALL {left}) LIMIT 2").fetchall()
            wrong.append(f"{table}: {missing} missing, {extra} extra, {strangers} of others, of {counts[table]}, {odd}, for example "
                         f"{str(example)[:600]}")
        offset = pipeline.delivered(table)
        if last is not None and offset < last:
            wrong.append(f"{table}: offset {offset} is noted, rows go to {last}")
    counts = {table: count for table, count in counts.items() if count}
    check(f"{name}: the dataset has each row of the lake{'' if pipeline.repeats else ' once'}, value by value",
          not wrong and counts.get("trades", 0) > 0, "; ".join(wrong) or str(counts))
    return counts, refused
