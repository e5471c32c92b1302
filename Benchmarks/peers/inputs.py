"""The inputs of a run, made once per number of rows: the same trades in the shapes that the systems want.

All of it is made by other processes: Linux counts the peak memory of this one into that of the programs it starts.
"""

import pathlib
import subprocess
import sys

SHAPES = pathlib.Path(__file__).resolve().parent / "frames.py"
PARTS = 10


def call(*words, **options):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, **options)


class Inputs:
    """Files below `folder`, made when a case asks for them."""

    def __init__(self, folder, tapedeck, rows, rate, instruments):
        self.folder = pathlib.Path(folder) / f"{rows}-{rate}-{instruments}"
        self.tapedeck, self.rows, self.rate, self.instruments = tapedeck, rows, rate, instruments
        self.folder.mkdir(parents=True, exist_ok=True)

    def _make(self, name, write):
        """The file or folder of that name; `write` makes it under another name, so that half a file is never taken."""
        target, part = self.folder / name, self.folder / f"{name}.part"
        if not target.exists():
            print(f"  making {target}", flush=True)
            call("rm", "-rf", part)
            write(part)
            part.rename(target)
        return target

    def _shape(self, name, shape, *words):
        frames = self.frames()
        return self._make(name, lambda path: call(sys.executable, SHAPES, shape, frames, path, *words))

    def frames(self):
        options = ["--rows", self.rows, "--rate", self.rate, "--instruments", self.instruments]
        return self._make("frames.jsonl", lambda path: call(self.tapedeck, "bench", "--frames", path, *options))

    def flat(self):
        return self._shape("flat.jsonl", "flat", self.rows)

    def flat_warm_up(self):
        return self._shape("flat-warm-up.jsonl", "flat", self.rows // PARTS)

    def parts(self):
        return self._shape("parts", "parts", PARTS)

    def parts_warm_up(self):
        first = self.parts() / "part-000.json"

        def write(path):
            path.mkdir()
            call("cp", first, path)

        return self._make("parts-warm-up", write)

    def sorted(self):
        return self._shape("sorted.parquet", "sorted")

    def lake(self):
        options = ["--format", "finnhub", "--bars", "1s,1m,1h"]
        command = [self.tapedeck, "replay", self.frames(), *options, "--data"]
        return self._make("lake", lambda path: call(*command, path, stderr=subprocess.DEVNULL))
