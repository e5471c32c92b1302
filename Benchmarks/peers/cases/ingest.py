"""Ingest: WebSocket -> orjson -> validate -> Arrow batches -> a store. `ingest.py TARGET FRAMES FOLDER ROWS`,
target being duckdb, parquet or chdb. The server is a process of its own and not counted."""

import asyncio
import pathlib
import subprocess
import sys

from websockets.asyncio.client import connect

from frames import SCHEMA, Batches
from meter import Meter

SERVER = pathlib.Path(__file__).parent.parent / "replay_server.py"


class DuckDB:
    """One table in a file; each batch is a transaction."""

    def __init__(self, folder):
        import duckdb

        self.connection = duckdb.connect(folder / "trades.duckdb")
        self.connection.execute("CREATE TABLE trades (s VARCHAR, t BIGINT, p DOUBLE, v DOUBLE)")

    def write(self, batch):
        self.connection.execute("INSERT INTO trades SELECT * FROM batch")

    def finish(self):
        self.connection.execute("CHECKPOINT")

    def totals(self):
        return self.connection.execute("SELECT count(*), sum(v) FROM trades").fetchone()


class Parquet:
    """One file; each batch is a row group."""

    def __init__(self, folder):
        from pyarrow import parquet

        self.path = folder / "trades.parquet"
        self.writer = parquet.ParquetWriter(self.path, SCHEMA, compression="zstd")

    def write(self, batch):
        self.writer.write_table(batch)

    def finish(self):
        self.writer.close()

    def totals(self):
        from pyarrow import compute, parquet

        table = parquet.read_table(self.path)
        return table.num_rows, compute.sum(table["v"]).as_py()


class ClickHouse:
    """ClickHouse's engine in the process (chDB): a MergeTree by instrument and time; each batch is a part."""

    def __init__(self, folder):
        from chdb import session

        self.session = session.Session(str(folder / "chdb"))
        self.session.query("CREATE DATABASE d ENGINE = Atomic")
        self.session.query(
            "CREATE TABLE d.trades (s LowCardinality(String), t Int64, p Float64, v Float64)"
            " ENGINE = MergeTree ORDER BY (s, t)"
        )

    def write(self, batch):
        self.session.query("INSERT INTO d.trades SELECT s, t, p, v FROM Python(batch)")

    def finish(self):
        pass

    def totals(self):
        text = str(self.session.query("SELECT count(), sum(v) FROM d.trades", "CSV"))
        return tuple(float(field) for field in text.split(","))


async def receive(port, batches, rows):
    async with connect(f"ws://127.0.0.1:{port}", max_queue=1024, ping_interval=None) as socket:
        received = 0
        while received < rows:
            batches.add(await socket.recv(decode=False))
            received = batches.rows + batches.waiting + batches.rejected
        batches.flush()


def main(target, frames, folder, rows):
    store = {"duckdb": DuckDB, "parquet": Parquet, "chdb": ClickHouse}[target](pathlib.Path(folder))
    batches = Batches(store.write)
    server = subprocess.Popen([sys.executable, SERVER, frames], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline())
        with Meter(apart=[server.pid]) as meter:
            asyncio.run(receive(port, batches, rows))
            store.finish()
    finally:
        server.kill()
        server.wait()
    count, volume = store.totals()
    assert count == rows, f"{count} of {rows} rows arrived"
    meter.report(rows, volume=volume)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
