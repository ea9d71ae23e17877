#!/bin/sh
# Says what this machine lacks before anything is installed.
set -eu

fail() {
  printf 'fairlead: %s\n' "$1" >&2
  exit 1
}

command -v node >/dev/null || fail "there is no node: install Node.js 20.19 or newer"
command -v npm >/dev/null || fail "there is no npm: it usually comes with Node.js"
node -e '
  const [major, minor] = process.versions.node.split(".").map(Number);
  process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1);
' || fail "this is Node.js $(node --version): install 20.19 or newer"
