"""The inputs of a run, made once per number of rows: the same trades in the shapes that the systems want."""

import pathlib
import subprocess

import frames as shapes

PARTS = 10


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
            subprocess.run(["rm", "-rf", part], check=True)
            write(part)
            part.rename(target)
        return target

    def _bench(self, path):
        command = [self.tapedeck, "bench", "--frames", path, "--rows", self.rows]
        command += ["--rate", self.rate, "--instruments", self.instruments]
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)

    def frames(self):
        return self._make("frames.jsonl", self._bench)

    def flat(self):
        return self._make("flat.jsonl", lambda path: shapes.write_flat(self.frames(), path, self.rows))

    def flat_warm_up(self):
        return self._make("flat-warm-up.jsonl", lambda path: shapes.write_flat(self.frames(), path, self.rows // PARTS))

    def parts(self):
        return self._make("parts", lambda path: shapes.write_parts(self.frames(), path, PARTS))

    def parts_warm_up(self):
        def write(path):
            path.mkdir()
            (path / "part.json").write_bytes((self.parts() / "part-000.json").read_bytes())

        return self._make("parts-warm-up", write)

    def sorted(self):
        return self._make("sorted.parquet", lambda path: shapes.write_sorted_parquet(self.frames(), path))

    def lake(self):
        def write(path):
            command = [self.tapedeck, "replay", self.frames(), "--format", "finnhub", "--data", path, "--bars", "1s,1m,1h"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        return self._make("lake", write)
