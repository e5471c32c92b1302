# shellcheck shell=bash disable=SC2154
# Apache Airflow, in a Python environment of its own, for `make test-airflow` alone. Sourced by scripts/setup.

have_airflow() {
  is_current airflow && [[ -x $deps/airflow-venv/bin/airflow ]]
}

install_airflow() {
  make_environment airflow 'Apache Airflow (110 MB)' "$deps/airflow-venv" '
import airflow.sdk, airflow.providers.standard, boto3, duckdb, google.cloud.bigquery, psycopg
'
}
