"""Delta tables that others wrote (Spark, Databricks, delta-rs), as the sources of delta-rs have them, and what independent readers
make of them."""

import os
import pathlib
import re

import deltalake

from peer import DEPS, delta_database


def folder():
    """Where the tables are: TAPEDECK_GOLDEN, or what scripts/setup --test fetched; None where they are not there."""
    place = pathlib.Path(os.environ.get("TAPEDECK_GOLDEN", DEPS / "golden"))
    return place if place.is_dir() else None


def tables(place):
    """The folders of all tables, by their path below the place."""
    found = {str(log.parent.relative_to(place)): log.parent for log in sorted(place.rglob("_delta_log")) if log.is_dir()}
    return dict(sorted(found.items()))


def versions(table):
    """Versions of which the log has a commit or a checkpoint, rising."""
    names = [re.match(r"(\d{20})\.(json|checkpoint\..*(parquet|json))$", path.name) for path in (table / "_delta_log").iterdir()]
    return sorted({int(name[1]) for name in names if name})


class Readers:
    """delta-rs, and DuckDB's reader, which is another one underneath (delta-kernel)."""

    def __init__(self):
        self.database = delta_database()

    def rows(self, table, version):
        """The rows as an Arrow table, and who read them; where nobody can, what they said."""
        said = []
        for name, read in (("DuckDB", self._duckdb), ("deltalake", self._deltalake)):
            try:
                return read(table, version), name
            except Exception as error:  # whatever they do not know: each says it in its own way
                said.append(f"{name}: {' '.join(str(error).split())[:400]}")
        return None, "; ".join(said)

    def files(self, table):
        """Paths of the data files at the newest version, as delta-rs has them; None where it does not read the log."""
        try:
            return deltalake.DeltaTable(str(table)).file_uris()
        except Exception:  # as above
            return None

    def _deltalake(self, table, version):
        return deltalake.DeltaTable(str(table), version=version).to_pyarrow_table()

    def _duckdb(self, table, version):
        path = str(table).replace("'", "''")
        return self.database.sql(f"SELECT * FROM delta_scan('{path}', version => {version})").to_arrow_table()


def difference(database, expected, found):
    """What differs between rows as an independent reader has them and a Parquet file; None where nothing does."""
    database.register("expected_rows", expected)
    try:
        database.execute(f"CREATE OR REPLACE TEMP VIEW found_rows AS SELECT * FROM read_parquet('{found}')")
        shapes = [database.execute(f"DESCRIBE {name}").fetchall() for name in ("expected_rows", "found_rows")]
        columns = [[(row[0], row[1]) for row in shape] for shape in shapes]
        if columns[0] != columns[1]:
            return f"columns: expected {columns[0]}, found {columns[1]}"
        texts = ["SELECT " + ", ".join(f'"{name}"::VARCHAR' for name, _ in columns[0]) + f" FROM {source}" for source in ("expected_rows", "found_rows")]
        for what, (left, right) in {"missing": texts, "too many": texts[::-1]}.items():
            rows = database.execute(f"({left}) EXCEPT ALL ({right})").fetchall()
            if rows:
                return f"{len(rows)} rows {what}, such as {rows[0]}"[:500]
        return None
    finally:
        database.unregister("expected_rows")

