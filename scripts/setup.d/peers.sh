# shellcheck shell=bash disable=SC2154
# The Python environment of the programs that the tests compare with. Sourced by scripts/setup.

have_peers() {
  is_current peers && [[ -x $deps/test-venv/bin/python ]]
}

# polars imports without its engine; only a query shows that the engine is there.
peers_work='
import aws_kinesis_agg.aggregator, boto3, bqemulator.api.app, chdb, confluent_kafka, deltalake, duckdb, exchange_calendars
import fastavro, google.auth.jwt, google.cloud.bigquery, moto.server, numpy, polars, psycopg, pyarrow.parquet, talib, websockets
assert polars.DataFrame({"a": [1, 2]}).select(polars.col("a").sum()).item() == 3
assert duckdb.sql("select to_timestamp(0)").fetchone()[0].timestamp() == 0
'

install_peers() {
  make_environment peers \
    'the test peers: deltalake, polars, pyarrow, DuckDB, TA-Lib, calendars, Kafka, moto, psycopg, chdb, bqemulator (450 MB)' \
    "$deps/test-venv" "$peers_work"
}
