#!/usr/bin/env python3
"""The mapping that docs/replay.md shows works as it says, and the command line answers mistakes in words."""

import json
import pathlib
import re
import tempfile

from peer import ROOT, check, finish, run


def main():
    with tempfile.TemporaryDirectory(prefix="tapedeck-replay-") as folder:
        work = pathlib.Path(folder)
        example = re.search(r"```yaml\n(header: true\n.*?)```", (ROOT / "docs/replay.md").read_text(), re.S).group(1)
        (work / "mapping.yaml").write_text(example)
        (work / "ticks.csv").write_text("ts;px;qty\n34200000;1012500;100\n34200500;1012525;5\n34201000;bad;5\n")
        done = run("replay", work / "ticks.csv", "--mapping", work / "mapping.yaml", "--data", work / "data", "--json")
        summary = json.loads(done.stdout.splitlines()[-1])
        check("the example of docs/replay.md plays", done.returncode == 0 and summary["rows_stored"] == 2
              and summary["dead_letters"] == 1 and summary["rows_in"] == 3, done.stdout.strip())
        rows = [json.loads(line) for line in run(
            "sql", "--data", work / "data", "--json", "SELECT venue, symbol, event_time_ns, price, size FROM trades ORDER BY 3").stdout.splitlines()]
        # Chicago is at UTC-5 on 2024-03-11.
        expected = [{"venue": "CME", "symbol": "ES", "event_time_ns": 1710167400000000000, "price": 10125, "size": 100},
                    {"venue": "CME", "symbol": "ES", "event_time_ns": 1710167400500000000, "price": 10125.25, "size": 5}]
        check("its trades are right, in UTC", rows == expected, str(rows))
        csv = run("sql", "--data", work / "data", "--csv", "SELECT reason, payload::VARCHAR AS line FROM dead_letters").stdout
        check("the bad line is a dead letter with its reason", csv.splitlines() == ["reason,line", "wrong_type,34201000;bad;5"], csv)
        target = work / "out.parquet"
        done = run("sql", "--data", work / "data", "--parquet", target, "FROM trades")
        check("rows are written to Parquet", done.returncode == 0 and target.stat().st_size > 0, done.stderr.strip())
        for arguments, code, part in [
            (["replay", "/nowhere"], 1, "no such file"), (["replay"], 2, "missing"), (["repaly"], 2, "replay"),
            (["replay", work / "ticks.csv", "--speed", "fast"], 2, "60x"), (["sql", "SELECT 1", "--data", work / "none"], 2, "--data"),
            (["bench", "nothing"], 2, "bars"), (["journal", "info", work / "none"], 1, "none"),
        ]:
            done = run(*arguments)
            check(f"{' '.join(map(str, arguments[:2]))}: exit {code} and says what to do",
                  done.returncode == code and part in done.stderr, f"{done.returncode}: {done.stderr.strip()[:160]}")
    finish()


if __name__ == "__main__":
    main()
