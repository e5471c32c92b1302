# shellcheck shell=bash disable=SC2034
# Terminal output shared by the scripts beside this file; sourced, never run.

if [[ -t 1 && -z ${NO_COLOR-} ]]; then
  bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
  bold='' red='' green='' plain=''
fi

# A section heading, easy to find in a long log.
heading() {
  printf '\n%s==> %s%s\n' "$bold" "$*" "$plain"
}

say() {
  printf '%s\n' "$*"
}

# Ends the script: the first line says what is wrong, each further argument is a line of what to do about it.
die() {
  printf '%serror:%s %s\n' "$red" "$plain" "$1" >&2
  shift
  (($# == 0)) || printf '  %s\n' "$@" >&2
  exit 1
}
