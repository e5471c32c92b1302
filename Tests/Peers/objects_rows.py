"""What a bucket or a folder has of a pipeline's tables, as any reader of gzip, zstd and JSON sees it; compared with a lake."""

import gzip
import json
import pathlib
import re

import pyarrow

from message_rows import differences
from peer import check, open_lake

NAME = re.compile(r"(\w+)/(?:ingest_date=(\d{4}-\d\d-\d\d)/)?(\d{20})\.ndjson(\.gz|\.zst)?")


class Bucket:
    """Objects below a folder of a bucket, read by boto3."""

    def __init__(self, client, name, folder):
        self.client, self.name, self.folder = client, name, folder + "/"

    def keys(self, prefix=""):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.folder + prefix)
        return [found["Key"].removeprefix(self.folder) for page in pages for found in page.get("Contents", [])]

    def read(self, key):
        return self.client.get_object(Bucket=self.name, Key=self.folder + key)["Body"].read()

    def write(self, key, content):
        self.client.put_object(Bucket=self.name, Key=self.folder + key, Body=content)


class Folder:
    """Objects in a folder of this machine."""

    def __init__(self, path):
        self.path = path

    def keys(self, prefix=""):
        found = (str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file())
        return sorted(key for key in found if key.startswith(prefix) and "/.tapedeck-" not in "/" + key)

    def read(self, key):
        return pathlib.Path(self.path / key).read_bytes()

    def write(self, key, content):
        pathlib.Path(self.path / key).write_bytes(content)


def lines(store, key):
    content = store.read(key)
    if key.endswith(".gz"):
        content = gzip.decompress(content)
    elif key.endswith(".zst"):
        content = pyarrow.CompressedInputStream(pyarrow.py_buffer(content), "zstd").read()
    return content.splitlines()


def lose_row(store, table):
    """Takes the first row out of a gzip object of a table that has several."""
    for key in store.keys(table + "/"):
        kept = lines(store, key)[1:]
        if kept:
            return store.write(key, gzip.compress(b"".join(line + b"\n" for line in kept)))
    return None


def newest(store, table):
    """The first offset of a table's newest object; -1 without."""
    return max((int(found[3]) for key in store.keys(table + "/") if (found := NAME.fullmatch(key))), default=-1)


def compare(name, store, data, tables):
    """Every row of the lake's tables is there once, all values the same, and nothing else; objects say with which row they begin,
    and follow each other. Returns the rows of each table."""
    lake = open_lake(data)
    counts, wrong, objects = {}, [], 0
    for table in tables:
        rows, last, day = [], -1, ""
        for key in store.keys(table + "/"):
            found, content = NAME.fullmatch(key), lines(store, key)
            offsets = [json.loads(line)["journal_offset"] for line in content]
            if not found or not offsets or offsets != sorted(offsets) or offsets[0] != int(found[3]) or offsets[0] <= last \
                    or (found[2] or "") < day:
                wrong.append(f"{key}: {offsets[:1]} to {offsets[-1:]} after {day} {last}")
                continue
            last, day = offsets[-1], found[2] or ""
            rows += content
            objects += 1
        wrong += differences(lake, table, rows, table)
        counts[table] = len(rows)
    check(f"{name}: there is each row of the lake once, value by value", not wrong and counts.get("trades", 0) > 0,
          "; ".join(wrong)[:2000] or f"{counts} in {objects} objects")
    return counts
