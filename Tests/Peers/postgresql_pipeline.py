"""A pipeline that is delivered to a PostgreSQL server."""

from peer import check
from postgresql_rows import compare
from sink_pipeline import ALL, MARKET, QUIET, USUAL, SinkPipeline

__all__ = ["ALL", "PASSWORD", "QUIET", "USUAL", "Pipeline"]
PASSWORD = "right-and-never-shown"


class Pipeline(SinkPipeline):
    """A pipeline that is delivered to a database of its own."""

    def __init__(self, server, work, name, options="flush: 200ms", tables=USUAL, port=None):
        self.server, self.options = server, options
        self.address = server.database(name)
        if port:
            self.address = self.address.replace(f":{server.port}/", f":{port}/")
        super().__init__("postgresql", work, name, tables, {"PGPASSWORD": PASSWORD})

    def configure(self, address=None, deliver=True, feeds=MARKET):
        super().configure(deliver, feeds, address=address)

    def sink_options(self, address=None):
        return f'uri: "{address or self.address}", {self.options}'

    def delivered(self, table="trades"):
        """The offset that the server has of a table; -1 without."""
        rows = self.server.execute(self.name, f"""SELECT journal_offset FROM tapedeck.tapedeck_offsets
            WHERE pipeline = '{self.name}' AND table_name = '{table}'""") if self.has_offsets() else []
        return rows[0][0] if rows else -1

    def has_offsets(self):
        return self.server.execute(self.name, "SELECT to_regclass('tapedeck.tapedeck_offsets')")[0][0] is not None

    def compare(self, name):
        """Compares with the lake, of which the server must have taken every row; the rows of each table."""
        counts, refused = compare(name, self.server, self.name, self.data, self.name, self.tables)
        check(f"{name}: the server took every row", not refused, str({table: len(all) for table, all in refused.items()}))
        return counts
