"""delta-rs as another writer of a lake's trades."""

import datetime
import threading

import deltalake
import pyarrow

VENUE = "DELTARS"


class Stranger(threading.Thread):
    """Appends rows of its own to the trades until it is told to end."""

    def __init__(self, open_table):
        super().__init__(daemon=True)
        self.open_table, self.rows, self.over, self.conflicts = open_table, 0, threading.Event(), 0

    def run(self):
        while not self.over.is_set():
            now = datetime.datetime.now(datetime.timezone.utc)
            table = self.open_table()
            schema = pyarrow.schema(table.schema().to_arrow())
            values = {
                "venue": VENUE, "symbol": "ODD", "event_time": now, "ingest_time": now, "price": 1.5, "size": 2.0,
                "event_time_ns": int(now.timestamp() * 1e6) * 1000, "ingest_time_ns": int(now.timestamp() * 1e6) * 1000,
                "journal_offset": self.rows, "frame_index": 0, "date": now.date(),
            }
            columns = [pyarrow.array([values.get(field.name)] * 10, field.type) for field in schema]
            try:
                deltalake.write_deltalake(table, pyarrow.Table.from_arrays(columns, schema=schema), mode="append")
                self.rows += 10
            except deltalake.exceptions.CommitFailedError:
                self.conflicts += 1
            self.over.wait(0.2)
