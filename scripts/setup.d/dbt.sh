# shellcheck shell=bash disable=SC2154
# dbt with its adapters, in a Python environment of its own: its packages do not agree with those of the peers. Sourced by scripts/setup.

have_dbt() {
  is_current dbt && [[ -x $deps/dbt-venv/bin/dbt ]]
}

install_dbt() {
  make_environment dbt 'dbt with its adapters of DuckDB, PostgreSQL, BigQuery and ClickHouse (200 MB)' "$deps/dbt-venv" '
import dbt.cli.main, dbt.adapters.bigquery, dbt.adapters.clickhouse, dbt.adapters.duckdb, dbt.adapters.postgres, duckdb, sqlglot
assert duckdb.sql("select 1").fetchone() == (1,)
'
}
