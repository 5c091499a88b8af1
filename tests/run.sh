#!/usr/bin/env bash
# Every test that a change must pass, on a machine with Rust, a C++ compiler, Python and git: lints, cargo test, fuzzing, the cycle, publishing, MLflow, the action.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf '\n== %s\n' "$1"; }
tree() { git status --porcelain && git diff HEAD | cksum; }
before=$(tree)

say 'python tools of the tests'
venv=target/venv
if [ ! -x "$venv/bin/act" ] || ! cmp -s tests/requirements.txt "$venv/requirements.txt"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
  cp tests/requirements.txt "$venv/requirements.txt"
fi
export PATH=$PWD/$venv/bin:$PATH

say 'lints'
cargo fmt --check
cargo fmt --check --manifest-path tests/fuzz/Cargo.toml
cargo clippy --quiet --locked --all-targets -- --deny warnings
cargo clippy --quiet --locked --all-targets --no-default-features -- --deny warnings
shellcheck bins/pipeline.sh tests/*.sh tests/*/*.sh tests/cases/bin/hide-digests .ci/run
zizmor --offline --strict-collection --persona=auditor --no-progress --quiet .

say 'licences and sources of dependencies'
# --log-level error hides the duplicates that .deny.toml only warns about.
cargo deny --locked --log-level error check licenses bans sources

say 'cargo test'
cargo test --locked

say 'fuzz'
# The same inputs on every run from a clean tree: new ones are for tests/real.sh fuzz-10min.
FUZZ_SEED=${FUZZ_SEED:-1} tests/fuzz/all.sh "${FUZZ_SECONDS:-30}"

say 'the cycle'
built=${CARGO_TARGET_DIR:-target}
rm -rf target/cycle
bins/pipeline.sh --out-dir target/cycle
grep -q '"promoted_version": 2' target/cycle/decision.json
# Right after it nothing is asked for but by force, and in the quiet quarter before it nothing was.
bins/pipeline.sh --out-dir target/cycle --now 2026-10-01T12:00:00Z drift
grep -q '"retrain_needed": false' target/cycle/drift.json && grep -A1 '"code": "cooldown"' target/cycle/drift.json | grep -q true
# The former champion is back in one command, and the registry tells of it and is whole.
rm -rf target/rollback
cp -R target/cycle/models target/rollback
"$built/tools/promote" --rollback --registry target/rollback --now 2026-10-02 -o target/cycle/rollback.json
grep -q '"version": 1,' target/cycle/rollback.json
"$built/tools/spamops" registry history --registry target/rollback --alias champion | tail -1 | grep -q 'rolled_back	2	1'
"$built/tools/spamops" registry verify --registry target/rollback --exit-code
rm -rf target/quiet
bins/pipeline.sh --out-dir target/quiet --since 2026-04-01 --until 2026-07-01 --now 2026-07-01
grep -q '"retrain_needed": false' target/quiet/decision.json
# The release build has learned the challenger; the debug build learns the same bytes, and of a linear learner, too.
"$built/debug/fit" --quiet --now 2026-10-01 target/cycle/train.csv | cmp - target/cycle/challenger.json
strong=(--quiet --now 2026-10-01 --preset strong target/cycle/train.csv)
"$built/debug/fit" "${strong[@]}" | cmp - <("$built/tools/fit" "${strong[@]}")

say 'what cargo install gives runs the cycle without a checkout'
cargo package --quiet --locked --no-verify --allow-dirty
rm -rf target/installed && mkdir -p target/installed/empty
tar -xzf target/package/spamops-*.crate -C target/installed
cargo install --quiet --locked --debug --path target/installed/spamops-* --bin spamops --root target/installed --target-dir "$built"
(cd target/installed/empty && env -i PATH=/usr/bin:/bin ../bin/spamops run --demo)
# It has fitted the first champion of models/ and promoted the challenger of the checkout.
diff -r --exclude README.md target/installed/empty/out/models target/cycle/models

say 'what promote publishes, read back by gto and by a GitHub on localhost'
tests/publish/run.sh

say 'a real MLflow server'
tests/mlflow/run.sh

say 'the action under a real runner'
tests/action/run.sh

say 'the tree is as it was'
[ "$before" = "$(tree)" ] || { git status --short; exit 1; }

say 'all passed'
