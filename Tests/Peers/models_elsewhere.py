#!/usr/bin/env python3
"""Runs what dbt compiled for a database that is not here, one model after the other, on what is nearest to it.

  models_elsewhere.py clickhouse|bigquery FOLDER
  models_elsewhere.py parse clickhouse|bigquery FOLDER

FOLDER/bronze has the tables of Tapedeck as Parquet files, FOLDER/models.json pairs of name and SQL in the order in which they need each
other. Each model's rows go to FOLDER/NAME.parquet. ClickHouse's SQL runs on ClickHouse's own engine (chdb). BigQuery's is read by
sqlglot, a parser of its own, which writes it anew for DuckDB. `parse` reads every statement in a folder, and prints how many.
"""

import json
import pathlib
import sys


def clickhouse(folder):
    from chdb import session

    engine = session.Session()
    for database in ("tapedeck", "models"):
        engine.query(f"CREATE DATABASE {database} ENGINE = Atomic")
    for file in sorted(folder.glob("bronze/*.parquet")):
        engine.query(f"CREATE TABLE tapedeck.{file.stem} ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM file('{file}', 'Parquet')")
    for name, sql in json.loads((folder / "models.json").read_text()):
        engine.query(f"CREATE TABLE models.{name} ENGINE = MergeTree ORDER BY tuple() AS {sql}\nSETTINGS join_use_nulls = 1, prefer_column_name_to_alias = 1")
        engine.query(f"SELECT * FROM models.{name} INTO OUTFILE '{folder / name}.parquet' FORMAT Parquet "
                     "SETTINGS output_format_parquet_string_as_string = 1")


def bigquery(folder):
    import duckdb
    import sqlglot

    database = duckdb.connect()
    database.execute("ATTACH ':memory:' AS demo; USE demo; CREATE SCHEMA tapedeck; CREATE SCHEMA models; SET TimeZone = 'UTC'")
    for file in sorted(folder.glob("bronze/*.parquet")):
        database.execute(f"CREATE TABLE tapedeck.{file.stem} AS FROM '{file}'")
    for name, sql in json.loads((folder / "models.json").read_text()):
        database.execute(f"CREATE TABLE models.{name} AS {sqlglot.transpile(sql, read='bigquery', write='duckdb')[0]}")
        database.execute(f"COPY models.{name} TO '{folder / name}.parquet'")


def parse(dialect, folder):
    import sqlglot

    files = [file for file in folder.rglob("*.sql") if file.is_file()]
    for file in files:
        if not isinstance(sqlglot.parse_one(file.read_text(), read=dialect), sqlglot.exp.Query):
            raise SystemExit(f"{file.name} is no query")
    print(len(files))


if __name__ == "__main__":
    if sys.argv[1] == "parse":
        parse(sys.argv[2], pathlib.Path(sys.argv[3]))
    else:
        {"clickhouse": clickhouse, "bigquery": bigquery}[sys.argv[1]](pathlib.Path(sys.argv[2]))
