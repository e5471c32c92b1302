# shellcheck shell=bash disable=SC2154
# What is here, which versions, what is missing. Sourced by scripts/setup.

report_line() { # state name detail
  local mark=$green
  [[ $1 == ok ]] || mark=$red
  printf '  %s%-8s%s %-28s %s\n' "$mark" "$1" "$plain" "$2" "$3"
}

report() {
  local group package purpose version incomplete=0
  heading 'Toolchain'
  if version=$(swift --version 2>/dev/null) && [[ $version =~ Swift\ version\ ([0-9.]+) ]]; then
    report_line ok swift "${BASH_REMATCH[1]}, $(command -v swift)"
  else
    report_line missing swift "${swift_advice[0]}"
    incomplete=1
  fi
  heading 'Debian packages'
  while read -r group package purpose; do
    [[ " $groups " == *" $group "* ]] || continue
    version=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$package" 2>/dev/null || true)
    if [[ $version == 'installed '* ]]; then
      report_line ok "$package" "${version#* }"
    else
      report_line missing "$package" "$purpose"
      [[ $with_packages == false ]] || incomplete=1
    fi
  done <deps/debian.txt
  heading "Pinned files in $deps"
  if have_wheels; then
    while IFS='=' read -r package version; do
      report_line ok "$package" "${version#=}"
    done < <(sed -n 's/^\([a-z].*\) \\$/\1/p' deps/wheels.lock)
  else
    report_line missing wheels 'DuckDB, its extensions, the ADBC header, the chart script'
    incomplete=1
  fi
  if [[ $with_tests == true ]] && have_peers; then
    report_line ok 'test peers' "$deps/test-venv"
  elif [[ $with_tests == true ]]; then
    report_line missing 'test peers' deps/peers.lock
    incomplete=1
  fi
  if [[ $with_tests == true ]] && have_golden; then
    report_line ok 'golden tables' "$deps/golden"
  elif [[ $with_tests == true ]]; then
    report_line missing 'golden tables' deps/golden.lock
    incomplete=1
  fi
  if [[ $with_tests == true ]] && have_dbt; then
    report_line ok dbt "$deps/dbt-venv"
  elif [[ $with_tests == true ]]; then
    report_line missing dbt deps/dbt.lock
    incomplete=1
  fi
  if ((incomplete)); then
    say
    say "To get what is missing: scripts/setup$([[ $with_tests == false ]] || printf ' --test')"
  fi
  return "$incomplete"
}
