# shellcheck shell=bash disable=SC2154
# Delta tables that others wrote, for Tests/Peers/run_golden_tables.py. Sourced by scripts/setup.

have_golden() {
  is_current golden && [[ -d $deps/golden/data ]]
}

# pip asks a source archive's build backend for its metadata, even where nothing is to be built. This one gives what the archive
# says of itself, in place of a toolchain that nobody else needs.
golden_backend() { # folder
  cat >"$1/maturin.py" <<'END'
import pathlib


def get_requires_for_build_wheel(settings=None):
    return []


def prepare_metadata_for_build_wheel(folder, settings=None):
    said = pathlib.Path("PKG-INFO").read_text()
    fields = dict(line.split(": ", 1) for line in said.split("\n\n")[0].splitlines() if ": " in line)
    place = pathlib.Path(folder, f"{fields['Name']}-{fields['Version']}.dist-info")
    place.mkdir()
    (place / "METADATA").write_text(said)
    return place.name
END
}

install_golden() {
  say 'Fetching Delta tables that others wrote (6 MB)'
  local place=$PWD/$deps/golden.part archive
  rm -rf "$place" "$deps/golden" "$deps/golden.stamp"
  mkdir -p "$place"
  golden_backend "$place"
  if ! logged env PYTHONPATH="$place" PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 \
    "$python" -m pip download --require-hashes --no-deps --no-binary :all: --no-build-isolation --progress-bar off \
    --dest "$place" -r deps/golden.lock; then
    # Everything else can be tested without them; their test says that it was skipped.
    log_tail
    say 'The Delta tables of deps/golden.lock could not be fetched: run_golden_tables.py will be skipped.'
    rm -rf "$place"
    return
  fi
  archive=("$place"/*.tar.gz)
  logged tar -xzf "${archive[0]}" -C "$place" --strip-components 4 --wildcards \
    '*/crates/test/tests/data' '*/crates/core/tests/data_err_logs' ||
    die "The tables could not be unpacked from ${archive[0]##*/} (disk full?); see $log."
  rm -f "$place"/*.tar.gz "$place/maturin.py"
  mv "$place" "$deps/golden"
  fingerprint golden >"$deps/golden.stamp"
}
