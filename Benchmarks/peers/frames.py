"""The input that all systems share: frames as `tapedeck bench --frames` writes them, and other shapes of them.

These are written by `frames.py flat FRAMES TARGET TRADES`, `frames.py parts FRAMES FOLDER COUNT` and
`frames.py sorted FRAMES TARGET`.
"""

import pathlib
import sys

import orjson
import pyarrow as pa

BATCH = 50_000
SCHEMA = pa.schema([("s", pa.string()), ("t", pa.int64()), ("p", pa.float64()), ("v", pa.float64())])


def lines(path):
    """The frames of a file, as bytes."""
    with open(path, "rb", buffering=1 << 20) as file:
        yield from file


class Batches:
    """Trades of frames, checked and gathered into Arrow tables of about `BATCH` rows, as a careful user would."""

    def __init__(self, sink):
        self.sink = sink
        self.rows = self.rejected = 0
        self._clear()

    def _clear(self):
        self._symbols, self._times, self._prices, self._volumes = [], [], [], []

    @property
    def waiting(self):
        """Rows that the sink did not get yet."""
        return len(self._symbols)

    def add(self, frame):
        message = orjson.loads(frame)
        if message.get("type") != "trade":
            return
        for trade in message["data"]:
            symbol, time, price, volume = trade["s"], trade["t"], trade["p"], trade["v"]
            if not symbol or time <= 0 or not price > 0 or not volume >= 0:
                self.rejected += 1
                continue
            self._symbols.append(symbol)
            self._times.append(time)
            self._prices.append(price)
            self._volumes.append(volume)
        if len(self._symbols) >= BATCH:
            self.flush()

    def flush(self):
        if not self._symbols:
            return
        columns = [self._symbols, self._times, self._prices, self._volumes]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA)]
        self.rows += len(self._symbols)
        self.sink(pa.Table.from_arrays(arrays, schema=SCHEMA))
        self._clear()


def write_flat(source, target, rows):
    """One JSON object per trade, for systems whose event time must be a column of the source."""
    with open(target, "wb", buffering=1 << 20) as file:
        for frame in lines(source):
            for trade in orjson.loads(frame)["data"]:
                if rows == 0:
                    return
                rows -= 1
                file.write(orjson.dumps(trade, option=orjson.OPT_APPEND_NEWLINE))


def write_parts(source, folder, parts):
    """The frames in several files of equal length, for systems that read a folder batch by batch."""
    folder = pathlib.Path(folder)
    folder.mkdir()
    frames = list(lines(source))
    size = -(-len(frames) // parts)
    for part in range(parts):
        (folder / f"part-{part:03}.json").write_bytes(b"".join(frames[part * size : (part + 1) * size]))


def write_sorted_parquet(source, target):
    """The trades by instrument and time, which is how a store that is queried by instrument should keep them."""
    import pyarrow.parquet as parquet

    tables = []
    batches = Batches(tables.append)
    for frame in lines(source):
        batches.add(frame)
    batches.flush()
    table = pa.concat_tables(tables).sort_by([("s", "ascending"), ("t", "ascending")])
    parquet.write_table(table, target, compression="zstd", row_group_size=200_000)


if __name__ == "__main__":
    shape, source, target, *count = sys.argv[1:]
    write = {"flat": write_flat, "parts": write_parts, "sorted": write_sorted_parquet}[shape]
    write(source, target, *map(int, count))
