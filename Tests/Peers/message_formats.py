"""The rows of messages in each format of the sink, read as docs/sinks/kafka.md shows it: its examples are what runs here."""

import base64
import contextlib
import datetime
import decimal
import functools
import io
import json
import re

import polars
import pyarrow.ipc

from peer import ROOT, check

FORMATS = ["json", "avro", "arrow"]


@functools.cache
def documented(form):
    """The functions of the example for a format, and of the one that drops repeats."""
    page = (ROOT / "docs/sinks/kafka.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    names = {}
    with contextlib.chdir(ROOT):  # it reads schemas
        for block in blocks:
            if f"# format: {form}\n" in block or "# any format\n" in block:
                exec(compile(block, "docs/sinks/kafka.md", "exec"), names)
    return names


def text(value):
    """A value as the JSON messages have it."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return f"{value:.8f}"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value)}")


def key(row):
    """The key that a row's message must have."""
    for names in [("venue", "symbol"), ("exchange", "symbol"), ("account",), ("feed",)]:
        if set(names) <= set(row) and not ("feed" in row and "venue" in names):
            return ":".join(row[name] for name in names)
    return None


def reads_in_polars(value):
    """Whether polars, whose reader is another one, reads a stream as pyarrow does."""
    return polars.read_ipc_stream(io.BytesIO(value)).equals(polars.from_arrow(pyarrow.ipc.open_stream(value).read_all()))


def rows(form, message):
    """Identity and JSON object of each row of a message."""
    identity = dict(message.headers())["tapedeck"].decode()
    if form == "json":
        return [(identity, message.value())]
    pipeline, table, offset, index, schema, *count = identity.split("/")
    found, taken = [], list(documented(form)["rows"](message))
    if form == "arrow" and int(offset) % 16 == 0 and not reads_in_polars(message.value()):
        check(f"{form}: polars reads {identity} as pyarrow does", False)
    for row in taken:
        if form == "arrow":
            place = row["journal_offset"], row.pop("row_index")
        else:
            place = int(offset), int(index)
        if row["journal_offset"] != place[0] or key(row) != message.key().decode():
            check(f"{form}: {identity} has key and offset of its rows", False, f"{message.key()} {row}")
        found.append((f"{pipeline}/{table}/{place[0]}/{place[1]}/{schema}", json.dumps(row, default=text).encode()))
    if count != ([str(len(taken))] if form == "arrow" else []) or not found[0][0].startswith(f"{pipeline}/{table}/{offset}/{index}/"):
        check(f"{form}: {identity} tells the first row and how many there are", False, f"{len(taken)} {found[:1]}")
    return found
