# shellcheck shell=bash disable=SC2154
# pip, held to pinned and hashed files. Sourced by scripts/setup.

# Debian's own Python first: a Python that a version manager put first in PATH may lack pip or be another version.
find_python() {
  local candidate
  for candidate in /usr/bin/python3 python3.11 python3; do
    if "$candidate" -c 'import sys, pip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  die 'Python 3.11 with pip was not found (the pinned wheels are for CPython 3.11).' \
    'On Debian 12: apt-get install python3 python3-pip'
}

pip() {
  env -u PYTHONPATH -u PYTHONHOME PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 \
    "$python" -m pip "$@"
}

# pip with only pinned, hashed, prebuilt files allowed; explains what went wrong.
pip_pinned() { # lock, then pip's arguments
  local lock=$1 start
  shift
  start=$(wc -c <"$log")
  if logged pip "$@" --require-hashes --no-deps --only-binary :all: --progress-bar off -r "$lock"; then
    return
  fi
  local said
  said=$(tail -c "+$((start + 1))" "$log")
  log_tail
  case $said in
    *'DO NOT MATCH THE HASHES'*)
      die "A downloaded file differs from its SHA-256 in $lock and was refused." \
        'Nothing of it was used. Try again; if it happens again, the source of the download is not to be trusted.'
      ;;
    *'from versions: none'* | *'Max retries'* | *'Connection'* | *'Temporary failure'* | *'timed out'* | *'Network is unreachable'*)
      die "The files of $lock could not be downloaded: no network?" \
        'Behind a proxy set HTTPS_PROXY; with a mirror of the Python packages set PIP_INDEX_URL.'
      ;;
    *'No space left'*) die 'The disk is full: the setup needs about 1 GB, with what the tests need 4 GB.' ;;
    *) die "The files of $lock could not be installed; see $log." ;;
  esac
}

# A Python environment with what a lock pins, and a stamp once a command shows that it works.
make_environment() { # part, what goes in, environment, Python statements
  local part=$1 what=$2 venv=$3 work=$4
  say "Installing $what"
  rm -rf "$venv" "$deps/$part.stamp"
  if ! logged "$python" -m venv --without-pip "$venv"; then
    log_tail
    die "No Python environment could be made in $venv."
  fi
  pip_pinned "deps/$part.lock" --python "$venv/bin/python" install
  if ! logged "$venv/bin/python" -c "$work"; then
    log_tail
    die "What deps/$part.lock pins was installed but does not work."
  fi
  fingerprint "$part" >"$deps/$part.stamp"
}
