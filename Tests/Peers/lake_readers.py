#!/usr/bin/env python3
"""Reads every Delta table of a lake with deltalake, polars and DuckDB's Delta extension, and compares them.

Usage: lake_readers.py LAKE_DIR

Prints one JSON object: table -> reader -> {"rows": …, "checksum": …}. The checksum covers every value of every
column and not the order of rows. Exit code 1 where readers differ, 2 for wrong usage or a folder without tables.
TAPEDECK_DEPS names the folder with lib/delta.duckdb_extension (default: .deps beside Tests/).
"""

import json
import pathlib
import sys

import deltalake
import polars

from peer import delta_database


def read(reader, path, connection):
    """All rows of a table as an Arrow table, read by one reader."""
    if reader == "deltalake":
        return deltalake.DeltaTable(path).to_pyarrow_table()
    if reader == "polars":
        return polars.read_delta(path).to_arrow()
    return connection.sql(f"SELECT * FROM delta_scan('{path}')").to_arrow_table()


def summarize(rows, connection):
    """Row count and checksum; values are hashed as text, so that readers may choose different Arrow types."""
    names = sorted(rows.column_names)
    connection.register("rows_read", rows)
    hashes = []
    for place, name in enumerate(names, start=1):
        kind = "BLOB" if "binary" in str(rows.schema.field(name).type) else "VARCHAR"
        hashes.append(f'coalesce(hash("{name}"::{kind}), 0)::HUGEINT * {place}')
    row = f"list_sum([{', '.join(hashes)}])"
    count, checksum = connection.execute(f"SELECT count(*), sum({row} % 1000000007) FROM rows_read").fetchone()
    connection.unregister("rows_read")
    return {"rows": count, "checksum": str(checksum), "columns": names}


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    tables = sorted(path.parent for path in pathlib.Path(arguments[1]).glob("*/_delta_log"))
    if not tables:
        print(f"no Delta table in {arguments[1]}", file=sys.stderr)
        return 2
    connection = delta_database()
    found = {}
    for table in tables:
        found[table.name] = {
            reader: summarize(read(reader, str(table), connection), connection)
            for reader in ("deltalake", "polars", "duckdb")
        }
    print(json.dumps(found, indent=2))
    different = [name for name, readers in found.items() if len({json.dumps(r) for r in readers.values()}) > 1]
    for name in different:
        print(f"readers differ on {name}", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
