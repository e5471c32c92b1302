#!/usr/bin/env python3
"""Trades that an earlier program wrote in a narrower column: a pipeline refuses to go on, `lake widen` gives the column its wider type without
writing a file anew, and every reader then gives the same rows or says that it does not know the feature.

  run_widening.py [--seed SEED]
"""

import argparse
import json
import os
import pathlib
import random
import tempfile
import time

import deltalake
import polars
import pyarrow
import pyarrow.parquet

from peer import check, delta_database, finish, run, wait_for
from run_lake import Pipeline, compare

COLUMN = "trade_id"


def narrow(table):
    """Makes a table what a program would have left that had the column as an integer of 32 bits: its log and its files."""
    for path in table.glob("date=*/*.parquet"):
        rows = pyarrow.parquet.read_table(path, partitioning=None)
        place = rows.schema.get_field_index(COLUMN)
        rows = rows.set_column(place, pyarrow.field(COLUMN, pyarrow.int32()), rows[COLUMN].cast(pyarrow.int32()))
        pyarrow.parquet.write_table(rows, path)
    for path in table.glob("_delta_log/*.json"):
        actions = [json.loads(line) for line in path.read_text().splitlines()]
        for action in actions:
            if "metaData" in action:
                schema = json.loads(action["metaData"]["schemaString"])
                next(field for field in schema["fields"] if field["name"] == COLUMN)["type"] = "integer"
                action["metaData"]["schemaString"] = json.dumps(schema)
            if "add" in action:
                action["add"]["size"] = (table / action["add"]["path"]).stat().st_size
        path.write_text("\n".join(map(json.dumps, actions)) + "\n")


def look(name, lake, work):
    """Whether all who read the trades have the rows that the program has."""
    rows = work / f"{name}.parquet"
    done = run("sql", "--lake", lake, "--parquet", rows, "FROM trades")
    check(f"{name}: the program reads it", done.returncode == 0, done.stderr[-300:])
    database = delta_database()
    compare(f"{name}: DuckDB", database, f"FROM delta_scan('{lake / 'trades'}')", f"FROM '{rows}'")
    columns = "journal_offset, frame_index, trade_id, price, symbol"
    import chdb  # its engine reads below the folder in which it is started

    other = work / f"{name}-chdb.parquet"
    chdb.query(f"SELECT {columns} FROM deltaLakeLocal('{lake / 'trades'}') INTO OUTFILE '{other}' FORMAT Parquet")
    texts = "journal_offset, frame_index, trade_id, price, symbol::VARCHAR"
    compare(f"{name}: ClickHouse", database, f"SELECT {texts} FROM '{other}'", f"SELECT {texts} FROM '{rows}'")
    for reader, read in {"deltalake": lambda path: deltalake.DeltaTable(path).to_pyarrow_table(), "polars": polars.read_delta}.items():
        try:
            found = read(str(lake / "trades"))
            check(f"{name}: {reader} has the rows", len(found) == database.execute(f"SELECT count(*) FROM '{rows}'").fetchone()[0])
        except Exception as error:  # each refuses in its own way
            check(f"{name}: {reader} does not know the feature, and says so", "typeWidening" in str(error), str(error)[:120])
    return database.execute(f"SELECT count(*), count({COLUMN}), sum({COLUMN})::BIGINT, typeof(any_value({COLUMN})) FROM '{rows}'").fetchone()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="tapedeck-widening-") as folder:
        work = pathlib.Path(folder)
        os.chdir(work)
        lake = work / "lake"
        with Pipeline(work, "older", lake, options.seed, "jobs: []\n") as program:
            program.start()
            check("trades are flushed", wait_for(lambda: len(list(lake.glob("trades/_delta_log/*.json"))) > 3, 60))
            check("the pipeline ends in order", program.end() == 0)
            narrow(lake / "trades")
            before = look("narrow", lake, work)
            check("narrow: read as the program has it", before[1] > 0 and before[3] == "BIGINT", str(before))
            version = deltalake.DeltaTable(str(lake / "trades")).version()
            program.start()
            refused = program.process.wait(60)
            said = program.log.read_text()
            check("a start is refused", refused != 0 and f"{COLUMN} from integer to long" in said and "lake widen trades" in said, said[-400:])
            for words in (["--dry-run"], [], []):
                widened = run("lake", "widen", "trades", "--lake", lake, *words)
                check(f"widen {words}", widened.returncode == 0, widened.stdout + widened.stderr)
            changes = [json.loads(line) for line in (lake / f"trades/_delta_log/{version + 1:020}.json").read_text().splitlines()]
            protocol = next(action["protocol"] for action in changes if "protocol" in action)
            check("the table asks for the feature", protocol["readerFeatures"] == ["typeWidening"] and protocol["minReaderVersion"] == 3, str(protocol))
            check("one commit does it", not (lake / f"trades/_delta_log/{version + 2:020}.json").exists())
            check("widened: the same rows", look("widened", lake, work) == before)
            program.start()
            check("the pipeline goes on", wait_for(lambda: len(list(lake.glob("trades/_delta_log/*.json"))) > version + 5, 60))
            time.sleep(1)
            check("the pipeline ends in order again", program.end() == 0)
        after = look("appended", lake, work)
        check("appended: more rows", after[0] > before[0] and after[3] == "BIGINT", str(after))
        compacted = run("lake", "compact", "trades", "--lake", lake)
        check("it is compacted", compacted.returncode == 0 and "became" in compacted.stdout, compacted.stdout + compacted.stderr)
        check("compacted: the same rows", look("compacted", lake, work) == after)
        files = list(lake.glob("trades/date=*/compact-*.parquet"))
        kinds = {str(pyarrow.parquet.read_schema(path).field(COLUMN).type) for path in files}
        check("compacted: files are wide", kinds == {"int64"}, str(kinds))
        whole = run("lake", "verify", "trades", "--lake", lake)
        check("it is whole", whole.returncode == 0, whole.stdout[-300:])
        check("it is summed up", run("lake", "checkpoint", "trades", "--lake", lake).returncode == 0)
        newest = max(lake.glob("trades/_delta_log/*.checkpoint.parquet")).name[:20]
        for path in lake.glob("trades/_delta_log/*.json"):
            if path.stem <= newest:
                path.unlink()
        check("behind a checkpoint: the same rows", look("summed", lake, work) == after)
    finish()


if __name__ == "__main__":
    main()
