"""What a ClickHouse database holds, compared with a lake: told by the server in text there and read by DuckDB here."""

import tempfile

from peer import check, open_lake
from sink_pipeline import declared

# Partition columns of the lake. Tables that the lake keeps by month have their `date` as an ordinary column too.
PARTITIONS = {"date", "month"}
# The types of a server of today, and those of an old one.
MODERN = {"timestamp": "DateTime64(6, 'UTC')", "date": "Date32", "int32": "Int32", "int64": "Int64", "boolean": "Bool",
          "float64": "Float64", "string": "String", "binary": "String", "decimal(18, 8)": "Decimal(18, 8)"}
OLD = dict(MODERN, timestamp="Int64", date="Int32", boolean="UInt8")
# Tables kept by month, with the time that decides.
MONTHLY = {"trades", "quotes", "bars", "indicators", "dead_letters", "frames"}
# What says the same in every release, as text; and what makes the value of it again.
WRITTEN = {"DateTime64": ("toUnixTimestamp64Micro({0})", "make_timestamp(CAST({0} AS BIGINT)) AT TIME ZONE 'UTC'"),
           "Date32": ("toInt32({0})", "DATE '1970-01-01' + CAST({0} AS INTEGER)"), "Bool": ("toUInt8({0})", "CAST({0} AS BOOLEAN)")}


def stored_columns(server, database, table):
    """Columns of a table as the server has them: name and type, without the form of its texts."""
    rows = server.execute(f"SELECT name, type FROM system.columns WHERE database = '{database}' AND table = '{table}'")
    return [(name, kind.replace("\\'", "'")) for name, kind in rows]


def plain(kind):
    return kind.removeprefix("LowCardinality(").removesuffix(")") if kind.startswith("LowCardinality(") else kind


def check_schema(server, database, tables):
    """Columns are named, ordered and typed as the reference says; tables of much data are kept by month."""
    types = MODERN if server.is_modern else OLD
    for table in tables:
        stored = [(name, plain(kind)) for name, kind in stored_columns(server, database, table) if name not in PARTITIONS]
        wanted = [(name, f"Nullable({types[kind]})" if nullable else types[kind])
                  for name, kind, nullable in declared()[table] if name not in PARTITIONS]
        check(f"{table}: its columns are those of the reference", stored == [*wanted, ("pipeline", "String")],
              "" if stored == [*wanted, ("pipeline", "String")] else f"{sorted(set(stored) ^ set(wanted))}")
    kept = {name for name, in server.execute(
        f"SELECT name FROM system.tables WHERE database = '{database}' AND position(engine_full, 'PARTITION BY') > 0 AND position(name, 'tapedeck_') = 0")}
    check("tables of much data are kept by month, the others are not", kept == MONTHLY & set(tables), str(sorted(kept)))


def load(lake, server, database, table):
    """Makes a table `delivered` of what the server has, every value by way of its text: floats are written so that they are
    read back to the last bit, texts and bytes in hexadecimal. Returns the names of its columns."""
    columns = [(name, plain(kind)) for name, kind in stored_columns(server, database, table)]
    kinds = {name: kind for name, kind, *_ in lake.execute(f"DESCRIBE {table}").fetchall()}
    written, read = [], []
    for name, kind in columns:
        bare = kind.removeprefix("Nullable(")
        write, value = next((pair for start, pair in WRITTEN.items() if bare.startswith(start)), ("{0}", None))
        if bare.startswith("String"):
            write, value = "hex({0})", "unhex({0})" if kinds.get(name) == "BLOB" else "decode(unhex({0}))"
        elif value is None:  # an old server's numbers stand for times and dates
            value = {"TIMESTAMP WITH TIME ZONE": WRITTEN["DateTime64"][1], "DATE": WRITTEN["Date32"][1],
                     "BOOLEAN": WRITTEN["Bool"][1]}.get(kinds.get(name), f"CAST({{0}} AS {kinds.get(name, 'VARCHAR')})")
        written.append(write.format(f"`{name}`"))
        read.append(value.format(f'"{name}"') + f' AS "{name}"')
    with tempfile.NamedTemporaryFile(suffix=".tsv") as file:
        file.write(server.read(f"SELECT {', '.join(written)} FROM {database}.{table} FORMAT TabSeparated"))
        file.flush()
        texts = ", ".join(f"'{name}': 'VARCHAR'" for name, _ in columns)
        lake.execute(f"""CREATE OR REPLACE TEMP TABLE delivered AS SELECT {', '.join(read)} FROM read_csv('{file.name}',
            columns={{{texts}}}, auto_detect=false, header=false, delim='\t', quote='', escape='', nullstr='\\N', parallel=false,
            max_line_size=67108864)""")
    return [name for name, _ in columns if name != "pipeline"]


def progress(server, database, pipeline):
    """How far each table is, and whether a unit of it is open."""
    rows = server.execute(f"""SELECT table_name, argMax(journal_offset, step), argMax(unit_end, step)
        FROM {database}.tapedeck_offsets WHERE pipeline = '{pipeline}' GROUP BY table_name""")
    return {table: (int(offset), int(end)) for table, offset, end in rows}


def compare(name, server, database, data, pipeline, tables):
    """Every row of the lake's tables is in the database once, all values the same, and nothing else; and the offsets say so.
    Returns the rows of each table, and the offsets that the server would not take."""
    lake = open_lake(data)
    counts, wrong, refused = {}, [], {}
    for table, offset in server.execute(f"""SELECT DISTINCT table_name, journal_offset FROM {database}.tapedeck_rejected
            WHERE pipeline = '{pipeline}'"""):
        refused.setdefault(table, []).append(offset)
    offsets = progress(server, database, pipeline)
    for table in tables:
        names = ", ".join(f'"{column}"' for column in load(lake, server, database, table))
        counts[table], strangers = lake.execute(
            f"SELECT count(*), count(*) FILTER (pipeline <> '{pipeline}') FROM delivered").fetchone()
        without = ", ".join([*refused.get(table, []), "-2"])
        left, right = f"SELECT {names} FROM {table} WHERE journal_offset NOT IN ({without})", f"SELECT {names} FROM delivered"
        missing, extra = lake.execute(f"SELECT (SELECT count(*) FROM ({left} EXCEPT ALL {right})), "
                                      f"(SELECT count(*) FROM ({right} EXCEPT ALL {left}))").fetchone()
        if missing or extra or strangers:
            example = lake.execute(f"({left} EXCEPT ALL {right}) UNION ALL ({right} EXCEPT ALL {left}) LIMIT 2").fetchall()
            wrong.append(f"{table}: {missing} missing, {extra} extra, {strangers} of others, of {counts[table]}, for example "
                         f"{str(example)[:600]}")
        last = lake.execute("SELECT max(journal_offset) FROM delivered").fetchone()[0]
        offset, end = offsets.get(table, (-1, -1))
        if (last is not None and offset < last) or end != offset:
            wrong.append(f"{table}: its offset is {offset}, its unit ends at {end}, rows go to {last}")
    counts = {table: count for table, count in counts.items() if count}
    check(f"{name}: the database has each row of the lake once, value by value", not wrong and counts.get("trades", 0) > 0,
          "; ".join(wrong) or str(counts))
    return counts, refused
