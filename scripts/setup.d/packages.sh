# shellcheck shell=bash disable=SC2034,SC2154
# Debian packages: which are wanted, which are missing, how they get here. Sourced by scripts/setup.

# Names of the wanted Debian packages, one per line.
wanted_packages() {
  local group package purpose
  while read -r group package purpose; do
    [[ " $groups " == *" $group "* ]] && printf '%s\n' "$package"
  done <deps/debian.txt
  return 0
}

# Wanted packages that are not installed, one per line.
missing_packages() {
  local -a wanted
  local -A installed=()
  local package status
  mapfile -t wanted < <(wanted_packages)
  while read -r package status; do
    [[ $status == installed ]] && installed[$package]=1
  done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true)
  for package in "${wanted[@]}"; do
    [[ -n ${installed[$package]-} ]] || printf '%s\n' "$package"
  done
}

have_packages() {
  [[ $with_packages == false ]] || { command -v dpkg-query >/dev/null && [[ -z $(missing_packages) ]]; }
}

is_debian_12() {
  local ID='' VERSION_ID=''
  [[ -r /etc/os-release ]] && source /etc/os-release
  [[ $ID == debian && $VERSION_ID == 12 ]]
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo --non-interactive "$@"
  fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

install_packages() {
  local -a missing
  is_debian_12 || die 'This machine is not Debian 12, so packages are not installed automatically.' \
    'Install by hand what corresponds to these Debian packages, then run: scripts/setup --no-packages' \
    "$(wanted_packages | paste -s -d ' ')" \
    '(Debian 12 in a container or virtual machine works too.)'
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} > 0)) || return 0
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die 'Debian packages are missing, and there is no sudo.' \
      'As root, run:' "apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    [[ ! -t 0 ]] || sudo --validate || die 'sudo was refused.' \
      'As root, run:' "apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "Installing ${#missing[@]} Debian packages, a minute or two: ${missing[*]}"
  logged apt update || say "apt-get update reported errors; trying with the package lists that are here."
  if ! logged apt install --no-install-recommends "${missing[@]}"; then
    log_tail
    die 'Debian packages could not be installed.' \
      'Without network: check the connection and any proxy (/etc/apt/apt.conf.d).' \
      "By hand, as root: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  fi
}
