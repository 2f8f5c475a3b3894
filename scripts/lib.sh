# Shared by the scripts: the root of the tree, progress text, Debian packages.
# Sourced, never run.
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
SCRIPT="$(basename "$0")"
cd "$ROOT"
mkdir -p .cache
export PATH="$ROOT/.venv/bin:$PATH"
JOBS="${PROA_JOBS:-$(nproc)}"

say() { printf '== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The comment at the head of a script is its help.
show_help() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "scripts/$SCRIPT"; }

# apt_install PACKAGE...: installs what is missing; asks the registry only then.
apt_install() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f='${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' || missing+=("$name")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "Debian packages: installing ${missing[*]}"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "installing ${missing[*]} needs root"
    sudo=(sudo)
  fi
  export DEBIAN_FRONTEND=noninteractive
  "${sudo[@]}" apt-get -qq update </dev/null
  "${sudo[@]}" apt-get -qq install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}
