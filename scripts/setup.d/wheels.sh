# shellcheck shell=bash disable=SC2154
# Pinned wheels: fetched, verified, unpacked into .deps. Sourced by scripts/setup.

# What .deps holds. Wheel, member inside it, place in .deps.
layout() {
  cat <<'END'
adbc-driver-manager           */arrow-adbc/adbc.h          include/adbc.h
adbc-driver-manager           */licenses/LICENSE.txt       share/licenses/adbc.txt
adbc-driver-postgresql        */libadbc_driver_postgresql.so  lib/libadbc_driver_postgresql.so
duckdb                        _duckdb.*.so                 lib/duckdb.so
duckdb                        *.dist-info/licenses/LICENSE share/licenses/duckdb.txt
duckdb-extension-delta        */delta.duckdb_extension     lib/delta.duckdb_extension
duckdb-extension-httpfs       */httpfs.duckdb_extension    lib/httpfs.duckdb_extension
lightweight-charts-esistjosh  */js/lightweight-charts.js   share/lightweight-charts.js
END
}

have_wheels() {
  local wheel member place
  is_current wheels || return 1
  while read -r wheel member place; do
    [[ -s $deps/$place ]] || return 1
  done < <(layout)
}

# SHA-256 of every pinned wheel, one per line.
pinned_hashes() {
  sed -n 's/.*--hash=sha256:\([0-9a-f]\{64\}\).*/\1/p' deps/wheels.lock
}

# Removes cached files that no lock entry vouches for; true when every entry has its file.
verify_cache() {
  local hash file
  local -A pinned=() found=()
  while read -r hash; do pinned[$hash]=1; done < <(pinned_hashes)
  for file in "$deps"/wheels/*; do
    [[ -f $file ]] || continue
    hash=$(sha256sum <"$file")
    hash=${hash%% *}
    if [[ -n ${pinned[$hash]-} ]]; then
      found[$hash]=1
    else
      say "Refused ${file##*/}: SHA-256 $hash is not in deps/wheels.lock; removed."
      rm -f -- "$file"
    fi
  done
  ((${#found[@]} == ${#pinned[@]}))
}

# The cached file of a wheel, by the name it has in the lock.
wheel_file() {
  local -a files=("$deps/wheels/${1//-/_}"-[0-9]*.whl)
  [[ -f ${files[0]} ]] || die "No file of $1 is in $deps/wheels."
  printf '%s\n' "${files[0]}"
}

unpack_wheels() {
  local wheel member place file
  while read -r wheel member place; do
    file=$(wheel_file "$wheel")
    mkdir -p "$deps/${place%/*}"
    unzip -p "$file" "$member" >"$deps/$place.part" 2>>"$log" ||
      die "$member could not be unpacked from ${file##*/} (disk full, no unzip?); see $log."
    mv -f "$deps/$place.part" "$deps/$place"
  done < <(layout)
}

install_wheels() {
  mkdir -p "$deps/wheels"
  if ! verify_cache; then
    say 'Fetching DuckDB, its extensions, the driver of PostgreSQL, the ADBC header and the chart script (61 MB)'
    pip_pinned deps/wheels.lock download --dest "$deps/wheels"
    verify_cache || die 'The fetched wheels are not the pinned ones; see deps/wheels.lock.'
  fi
  unpack_wheels
  fingerprint wheels >"$deps/wheels.stamp"
}
