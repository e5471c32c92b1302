"""What a PostgreSQL database holds, compared with a lake: read by psycopg there and by DuckDB here."""

import tempfile

from peer import check, open_lake
from sink_pipeline import declared

# Partition columns of the lake. Tables that the lake keeps by month have their `date` as an ordinary column too.
PARTITIONS = {"date", "month"}
TYPES = {"timestamp": "timestamp with time zone", "date": "date", "int32": "integer", "int64": "bigint", "boolean": "boolean",
         "float64": "double precision", "string": "text", "binary": "bytea", "decimal(18, 8)": "numeric(18,8)"}
# Tables kept by month, with the time that decides.
MONTHLY = {"trades": "event_time", "quotes": "event_time", "bars": "start", "indicators": "start", "dead_letters": "ingest_time",
           "frames": "ingest_time"}


def stored_columns(server, database, table):
    """Columns of a table as the server has them: name, type and whether it is nullable."""
    return server.execute(database, f"""SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute
        WHERE attrelid = to_regclass('tapedeck.{table}') AND attnum > 0 AND NOT attisdropped ORDER BY attnum""")


def check_schema(server, database, tables):
    """Columns are named, ordered and typed as the reference says; tables of much data are kept by month, with indexes."""
    for table in tables:
        stored = stored_columns(server, database, table)
        wanted = [(name, TYPES[kind], nullable) for name, kind, nullable in declared()[table] if name not in PARTITIONS]
        kept = [column for column in stored if column[0] not in PARTITIONS]
        check(f"{table}: its columns are those of the reference", kept == wanted,
              "" if kept == wanted else f"{sorted(set(kept) ^ set(wanted)) or kept}")
    if server.execute(database, "SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'"):
        return
    kept = dict(server.execute(database, """SELECT relname, pg_get_partkeydef(oid) FROM pg_class
        WHERE relkind = 'p' AND relnamespace = 'tapedeck'::regnamespace"""))
    wanted = {table: f"RANGE ({time})" for table, time in MONTHLY.items() if table in tables}
    check("tables of much data are kept by time, the others are not", kept == wanted, "" if kept == wanted else str(kept))


def check_months(server, database, table, months):
    """A table has one part for each month that has rows, and no other; each with its indexes."""
    parts = [name for name, in server.execute(database, f"""SELECT inhrelid::regclass::text FROM pg_inherits
        WHERE inhparent = 'tapedeck.{table}'::regclass ORDER BY 1""")]
    wanted = [f"tapedeck.{table}_{month}" for month in months]
    check(f"{table}: one part for each month that has rows", parts == wanted, str(parts))
    time = MONTHLY[table]
    for part in parts:
        indexes = " ".join(definition for definition, in server.execute(
            database, f"SELECT indexdef FROM pg_indexes WHERE schemaname || '.' || tablename = '{part}'"))
        check(f"{part} has its indexes", f"USING brin ({time}" in indexes and (
            f"USING btree (venue, symbol, {time})" in indexes or "venue" not in {name for name, _, _ in declared()[table]}), indexes)


def load(lake, server, database, table):
    """Makes a table `delivered` of what the server has, every value by way of its text: the server writes floats so that
    they are read back to the last bit. Returns the names of its columns."""
    names = [name for name, _, _ in stored_columns(server, database, table)]
    kinds = {name: kind for name, kind, *_ in lake.execute(f"DESCRIBE {table}").fetchall()}
    with tempfile.NamedTemporaryFile(suffix=".csv") as file, server.connect(database) as connection:
        # Whatever is not null stands in quotation marks.
        columns = ", ".join(f'"{name}"' for name in names)
        with connection.cursor().copy(f"COPY (SELECT {columns} FROM tapedeck.{table}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)") as rows:
            for piece in rows:
                file.write(piece)
        file.flush()
        texts = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        lake.execute(f"""CREATE OR REPLACE TEMP TABLE delivered AS SELECT {', '.join(value(name, kinds[name]) for name in names)}
            FROM read_csv('{file.name}', columns={{{texts}}}, auto_detect=false, header=false, delim=',', quote='"', escape='"',
              nullstr='', allow_quoted_nulls=false, parallel=false, max_line_size=67108864)""")
    return names


def value(name, kind):
    text = f'"{name}"'
    return f"unhex({text}[3:]) AS {text}" if kind == "BLOB" else f"CAST({text} AS {kind}) AS {text}"


def rejected(server, database, pipeline):
    """Offsets of each table that the server would not take; none where there is no table of them."""
    found = {}
    if server.execute(database, "SELECT to_regclass('tapedeck.tapedeck_rejected')")[0][0] is not None:
        for table, offset in server.execute(database, f"""SELECT table_name, journal_offset FROM tapedeck.tapedeck_rejected
                WHERE pipeline = '{pipeline}'"""):
            found.setdefault(table, []).append(offset)
    return found


def compare(name, server, database, data, pipeline, tables):
    """Every row of the lake's tables is in the database once, all values the same, and nothing else; and the offsets say so.
    Returns the rows of each table, and the offsets that the server would not take."""
    lake = open_lake(data)
    counts, wrong, refused = {}, [], rejected(server, database, pipeline)
    offsets = dict(server.execute(database, f"SELECT table_name, journal_offset FROM tapedeck.tapedeck_offsets WHERE pipeline = '{pipeline}'"))
    for table in tables:
        names = ", ".join(f'"{column}"' for column in load(lake, server, database, table))
        counts[table] = lake.execute("SELECT count(*) FROM delivered").fetchone()[0]
        without = ", ".join(map(str, [-2, *refused.get(table, [])]))
        left, right = f"SELECT {names} FROM {table} WHERE journal_offset NOT IN ({without})", f"SELECT {names} FROM delivered"
        missing, extra = lake.execute(f"SELECT (SELECT count(*) FROM ({left} EXCEPT ALL {right})), "
                                      f"(SELECT count(*) FROM ({right} EXCEPT ALL {left}))").fetchone()
        if missing or extra:
            example = lake.execute(f"({left} EXCEPT ALL {right}) UNION ALL ({right} EXCEPT ALL {left}) LIMIT 2").fetchall()
            wrong.append(f"{table}: {missing} missing, {extra} extra of {counts[table]}, for example {str(example)[:600]}")
        last = lake.execute("SELECT max(journal_offset) FROM delivered").fetchone()[0]
        if last is not None and offsets.get(table, -1) < last:
            wrong.append(f"{table}: its offset is {offsets.get(table)}, rows go to {last}")
    counts = {table: count for table, count in counts.items() if count}
    check(f"{name}: the database has each row of the lake once, value by value", not wrong and counts.get("trades", 0) > 0,
          "; ".join(wrong) or str(counts))
    return counts, refused
