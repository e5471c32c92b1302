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
  local venv=$deps/test-venv
  say 'Installing the test peers: deltalake, polars, pyarrow, DuckDB, TA-Lib, calendars, Kafka, moto, psycopg, chdb, bqemulator (450 MB)'
  rm -rf "$venv" "$deps/peers.stamp"
  if ! logged "$python" -m venv --without-pip "$venv"; then
    log_tail
    die "No Python environment could be made in $venv."
  fi
  pip_pinned deps/peers.lock --python "$venv/bin/python" install
  if ! logged "$venv/bin/python" -c "$peers_work"; then
    log_tail
    die 'A test peer was installed but does not work.'
  fi
  fingerprint peers >"$deps/peers.stamp"
}
