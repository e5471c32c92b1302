"""Quotes of stocks from the object store through the warehouse to the models, as an Airflow DAG: deploy/airflow/README.md.

Objects are those of Tapedeck's sink `objects` in the layout `snapshots`: SYMBOL/SECOND.json, with the vendor's answer as it came. Each
symbol has a mark, the second up to which its objects have gone through all steps. A run that fails leaves the marks where they are: the
next one finds the same objects again, and loading them again changes nothing.
"""

import os
import shlex

import pendulum
from airflow.sdk import dag, task

from tapedeck import objects, warehouses

SYMBOLS = os.environ.get("TAPEDECK_SYMBOLS", "AAPL,MSFT,TSLA,GOOGL,AMZN").split(",")
# A file of DuckDB has one writer at a time.
AT_ONCE = 1 if warehouses.target() == "duckdb" else 4


@dag(
    schedule=os.environ.get("TAPEDECK_SCHEDULE", "*/5 * * * *"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=AT_ONCE,
    doc_md=__doc__,
    tags=["tapedeck"],
)
def tapedeck_stocks():
    @task
    def prepare():
        """Makes the tables that are missing."""
        with warehouses.opened() as warehouse:
            warehouse.prepare()

    @task
    def find(symbol):
        """The objects of a symbol behind its mark, oldest first."""
        with warehouses.opened() as warehouse:
            second = warehouse.mark(symbol)
            return {"symbol": symbol, "keys": objects.behind(symbol, second, warehouse.keys(symbol, second))}

    @task
    def load(found):
        """Brings the objects' quotes into `quote_snapshots`, each once; gives back how far the symbol is."""
        if not found["keys"]:
            return None
        rows = objects.quotes(found["symbol"], found["keys"])
        with warehouses.opened() as warehouse:
            added = warehouse.load(found["symbol"], rows)
        print(f"{found['symbol']}: {len(found['keys'])} objects, {added} new quotes")
        return {"symbol": found["symbol"], "second": objects.second(found["keys"][-1])}

    @task.short_circuit
    def is_anything_new(loaded):
        """Ends the run here where no symbol has new objects: dbt has nothing to do."""
        return any(loaded)

    @task.bash
    def run_models():
        """Makes and tests the models."""
        words = [os.environ.get("TAPEDECK_DBT", "dbt"), "build", "--target", warehouses.target()]
        return shlex.join(words)

    @task
    def move_marks(loaded):
        """Notes how far each symbol has gone through all steps."""
        with warehouses.opened() as warehouse:
            for symbol in filter(None, loaded):
                warehouse.move_mark(symbol["symbol"], symbol["second"])

    found = find.expand(symbol=SYMBOLS)
    prepare() >> found
    loaded = load.expand(found=found)
    is_anything_new(loaded) >> run_models() >> move_marks(loaded)


tapedeck_stocks()
