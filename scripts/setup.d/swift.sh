# shellcheck shell=bash disable=SC2154
# The Swift toolchain: found, and new enough. Sourced by scripts/setup.

swift_minimum=6.3
swift_advice=(
  'Get it from https://www.swift.org/install/linux/ (Debian 12, x86-64) and put its usr/bin first in PATH,'
  "for example: export PATH=/opt/swift/usr/bin:\$PATH"
)

require_swift_present() {
  command -v swift >/dev/null ||
    die "The Swift toolchain was not found; Tapedeck needs $swift_minimum or newer." "${swift_advice[@]}"
}

require_swift_version() {
  local text major minor
  text=$(swift --version 2>&1) || die "$(command -v swift) does not run: ${text##*$'\n'}" "${swift_advice[@]}"
  [[ $text =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]] || die "swift --version said something unexpected: $text"
  major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
  ((major > ${swift_minimum%.*} || (major == ${swift_minimum%.*} && minor >= ${swift_minimum#*.}))) ||
    die "Swift $major.$minor found; Tapedeck needs $swift_minimum or newer." "${swift_advice[@]}"
}
