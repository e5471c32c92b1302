#!/usr/bin/env python3
"""Tests of the MetaTrader 5 bridge against a stand-in for the terminal's package, on recorded and seeded ticks.

  run_mt5.py [NAME ...]    for example: run_mt5.py test_ticks
"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = pathlib.Path(os.environ.get("TAPEDECK_ROOT", HERE.parents[1]))


def main():
    names = sys.argv[1:] or sorted(path.stem for path in (HERE / "mt5").glob("test_*.py"))
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1",
                       PYTHONPATH=os.pathsep.join([str(ROOT / "bridges/mt5"), str(HERE / "mt5")]))
    done = subprocess.run([sys.executable, "-m", "unittest", *names], env=environment, cwd=HERE / "mt5", check=False)
    sys.exit(1 if done.returncode else 0)


if __name__ == "__main__":
    main()
