#!/bin/sh
# Measures the server beside @app-connect/core, the Node.js server of the same routes, installed from
# npm into a temporary folder: `sh benches/peer/run.sh`. Nothing of it is kept.
set -eu
for tool in node npm cargo; do
    command -v "$tool" >/dev/null || { echo "$0 needs $tool, which is not installed" >&2; exit 1; }
done
here=$(cd "$(dirname "$0")" && pwd)
PEER_MODULES=$(mktemp -d)
export PEER_MODULES
trap 'rm -rf "$PEER_MODULES"' EXIT
trap 'exit 1' INT TERM
echo "installing @app-connect/core 1.7.41 into $PEER_MODULES"
# sqlite3 and node-fetch are what the package uses and does not bring along.
npm install --prefix "$PEER_MODULES" --no-audit --no-fund --silent \
    @app-connect/core@1.7.41 sqlite3@5 node-fetch@2
cd "$here/../.."
cargo bench --profile dist --bench load -- peer
