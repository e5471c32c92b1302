#!/usr/bin/env python3
"""Reads Parquet files with pyarrow, polars, DuckDB and delta-rs, and compares every value with what was meant.

Usage: parquet_readers.py FOLDER

Beside each NAME.parquet stands NAME.json: column -> {"type": …, "values": [text or null]}; integers, days and
microseconds in digits, doubles as their 64 bits in digits, truth values as 0 and 1, texts and bytes in hexadecimal.
Prints one JSON object: file -> reader -> "same" or the first difference. Statistics in the footer are compared with
pyarrow's own bounds of the values; pyarrow also says whether the checksums of pages are right, and finds a bit that
turned over in the last page of each column. Exit code 1 where anything differs, 2 for wrong usage.
"""

import json
import pathlib
import shutil
import struct
import sys

import deltalake
import duckdb
import polars
import pyarrow
import pyarrow.compute
import pyarrow.parquet

DELTA_TYPES = {
    "int32": "integer", "int64": "long", "float64": "double", "boolean": "boolean", "string": "string",
    "binary": "binary", "timestamp": "timestamp", "date": "date",
}


def with_pyarrow(path, _):
    return pyarrow.parquet.ParquetFile(path, page_checksum_verification=True).read()


def with_polars(path, _):
    return polars.read_parquet(path).to_arrow()


def with_duckdb(path, _):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection.sql(f"SELECT * FROM read_parquet('{path}')").to_arrow_table()


def with_delta_rs(path, columns):
    """The file as the only one of a Delta table, read by DataFusion on arrow-rs."""
    folder = path.with_suffix(".delta")
    (folder / "_delta_log").mkdir(parents=True)
    shutil.copy(path, folder / path.name)
    fields = [
        {"name": name, "type": DELTA_TYPES[column["type"]], "nullable": True, "metadata": {}}
        for name, column in columns.items()
    ]
    actions = [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": {
            "id": "sample", "format": {"provider": "parquet", "options": {}}, "partitionColumns": [],
            "schemaString": json.dumps({"type": "struct", "fields": fields}), "configuration": {}}},
        {"add": {
            "path": path.name, "partitionValues": {}, "size": path.stat().st_size, "modificationTime": 0,
            "dataChange": True}},
    ]
    log = folder / "_delta_log" / f"{0:020}.json"
    log.write_text("\n".join(map(json.dumps, actions)) + "\n")
    table = deltalake.DeltaTable(str(folder))
    return pyarrow.table(deltalake.QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all())


READERS = {"pyarrow": with_pyarrow, "polars": with_polars, "duckdb": with_duckdb, "delta-rs": with_delta_rs}


def texts(values, kind):
    """The values of a column in the form of the JSON file."""
    if kind in ("string", "binary"):
        raw = values.cast(pyarrow.large_binary() if kind == "binary" else pyarrow.large_string()).to_pylist()
        return [value if value is None else (value if kind == "binary" else value.encode()).hex() for value in raw]
    if kind == "timestamp":
        assert values.type.tz == "UTC", values.type
        values = values.cast(pyarrow.timestamp("us", "UTC")).cast(pyarrow.int64())
    if kind == "date":
        values = values.cast(pyarrow.int32())
    if kind == "float64":
        return [None if v is None else str(struct.unpack("<Q", struct.pack("<d", v))[0]) for v in values.to_pylist()]
    return [None if value is None else str(int(value)) for value in values.to_pylist()]


def difference(table, columns):
    if table.column_names != list(columns):
        return f"columns are {table.column_names}"
    for name, column in columns.items():
        found, expected = texts(table[name].combine_chunks(), column["type"]), column["values"]
        if len(found) != len(expected):
            return f"{name} has {len(found)} rows, expected {len(expected)}"
        for row, (left, right) in enumerate(zip(found, expected)):
            if left != right:
                return f"{name}[{row}] is {left}, expected {right}"
    return "same"


def statistics_difference(path):
    """Compares each row group's statistics with the values pyarrow reads from it."""
    file = pyarrow.parquet.ParquetFile(path)
    for group in range(file.num_row_groups):
        rows = file.read_row_group(group)
        for place, name in enumerate(rows.column_names):
            statistics = file.metadata.row_group(group).column(place).statistics
            values = rows[name].combine_chunks()
            if statistics.null_count != values.null_count:
                return f"{name}: {statistics.null_count} nulls, expected {values.null_count}"
            is_text = pyarrow.types.is_string(values.type)
            if not statistics.has_min_max or values.null_count == len(values):
                continue
            low, high = statistics.min, statistics.max
            bounds = pyarrow.compute.min_max(values).as_py()
            if is_text:
                # pyarrow orders texts by their bytes, as the format does; long bounds may be cut.
                good = low <= bounds["min"] and high >= bounds["max"] and bounds["min"].startswith(low)
            else:
                good = low == bounds["min"] and high == bounds["max"]
            if not good:
                return f"{name}: {low!r} … {high!r}, expected {bounds}"
    return "same"


def with_page_checksums(path, name):
    return pyarrow.parquet.ParquetFile(path, page_checksum_verification=True, pre_buffer=False).read(columns=[name], use_threads=False)


# Readers of a column that are not asked to look at checksums of pages.
USUAL = {
    "pyarrow": lambda path, name: pyarrow.parquet.ParquetFile(path, pre_buffer=False).read(columns=[name], use_threads=False),
    "polars": lambda path, name: polars.read_parquet(path, columns=[name]),
    "duckdb": lambda path, name: duckdb.connect().sql(f"""SELECT "{name}" FROM read_parquet('{path}')""").fetchall(),
}


def checksum_difference(path):
    """A bit is turned over at the end of each column, where the content of a page ends: pyarrow's checksums find it. Where a dictionary ends,
    which is always compressed, every reader finds it without them."""
    whole, damaged = path.read_bytes(), path.with_suffix(".damaged")
    group = pyarrow.parquet.ParquetFile(path).metadata.row_group(0)

    def complaint(read, name, place):
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])
        try:
            read(damaged, name)
        except Exception as error:  # noqa: BLE001  each library has its own
            return str(error)
        return None

    for place in range(group.num_columns):
        column = group.column(place)
        name, starts = column.path_in_schema, [column.data_page_offset]
        if column.has_dictionary_page:
            starts.append(column.dictionary_page_offset)
            for reader, read in USUAL.items():
                if not complaint(read, name, column.data_page_offset - 1):
                    return f"{name}: {reader} does not see the damage of a dictionary"
        found = complaint(with_page_checksums, name, min(starts) + column.total_compressed_size - 1)
        if "CRC" not in (found or ""):
            return f"{name}: checksums of pages do not show the damage: {found}"
    return "same"


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    results = {}
    for path in sorted(pathlib.Path(arguments[1]).glob("*.parquet")):
        columns = json.loads(path.with_suffix(".json").read_text())
        results[path.name] = {name: difference(read(path, columns), columns) for name, read in READERS.items()}
        results[path.name]["statistics"] = statistics_difference(path)
        results[path.name]["checksums"] = checksum_difference(path)
    print(json.dumps(results))
    return 0 if all(text == "same" for result in results.values() for text in result.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
