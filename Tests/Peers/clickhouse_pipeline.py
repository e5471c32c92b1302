"""A pipeline that is delivered to a ClickHouse server."""

from clickhouse_rows import compare, progress
from clickhouse_server import USER
from peer import check
from sink_pipeline import USUAL, SinkPipeline

PASSWORD = "right-and-never-shown"


class Pipeline(SinkPipeline):
    """A pipeline that is delivered to a database of its own."""

    def __init__(self, server, work, name, options="flush: 200ms", tables=USUAL, port=None):
        self.server, self.options, self.database = server, options, name
        self.target_url = f"http://127.0.0.1:{port or server.port}"
        super().__init__("clickhouse", work, f"{name}_{server.name}", tables, {"CLICKHOUSE_PASSWORD": PASSWORD})

    def sink_options(self, url=None, password="${CLICKHOUSE_PASSWORD}"):
        return (f'url: "{url or self.target_url}", user: {USER}, password: "{password}", database: {self.database}, '
                f"{self.options}")

    def delivered(self, table="trades"):
        """The offset that the server has of a table; -1 without."""
        answer = self.server.ask(f"""SELECT max(journal_offset) FROM {self.database}.tapedeck_offsets
            WHERE pipeline = '{self.name}' AND table_name = '{table}' HAVING count() > 0""")
        return int(answer[1] or -1) if answer and answer[0] == 200 else -1

    def compare(self, name):
        """Compares with the lake, of which the server must have taken every row; the rows of each table."""
        counts, refused = compare(name, self.server, self.database, self.data, self.name, self.tables)
        check(f"{name}: the server took every row", not refused, str({table: len(all) for table, all in refused.items()}))
        return counts

    def progress(self):
        return progress(self.server, self.database, self.name)
