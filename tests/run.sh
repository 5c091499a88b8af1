#!/usr/bin/env bash
# Runs every test that a change must pass: lints, cargo test, fuzzing, the cycle, publishing, MLflow and the action.
# Needs Rust, a C++ compiler, Python and git.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf '\n== %s\n' "$1"; }
tree() { git status --porcelain && git diff HEAD | cksum; }
before=$(tree)

say 'install the test tools'
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
# A fixed seed gives the same inputs on every run from a clean tree. tests/real.sh fuzz-10min searches for new inputs.
FUZZ_SEED=${FUZZ_SEED:-1} tests/fuzz/all.sh "${FUZZ_SECONDS:-30}"

say 'the cycle'
built=${CARGO_TARGET_DIR:-target}
rm -rf target/cycle
bins/pipeline.sh --out-dir target/cycle
grep -q '"promoted_version": 2' target/cycle/decision.json
# After the promotion, the cooldown suppresses a retrain.
bins/pipeline.sh --out-dir target/cycle --now 2026-10-01T12:00:00Z drift
grep -q '"retrain_needed": false' target/cycle/drift.json && grep -A1 '"code": "cooldown"' target/cycle/drift.json | grep -q true
# One command restores the previous champion. The history records it, and the registry is valid.
rm -rf target/rollback
cp -R target/cycle/models target/rollback
"$built/tools/promote" --rollback --registry target/rollback --now 2026-10-02 -o target/cycle/rollback.json
grep -q '"version": 1,' target/cycle/rollback.json
"$built/tools/spamops" registry history --registry target/rollback --alias champion | tail -1 | grep -q 'rolled_back	2	1'
"$built/tools/spamops" registry verify --registry target/rollback --exit-code
# The previous quarter has no drift, so no retrain is needed.
rm -rf target/quiet
bins/pipeline.sh --out-dir target/quiet --since 2026-04-01 --until 2026-07-01 --now 2026-07-01
grep -q '"retrain_needed": false' target/quiet/decision.json
# The debug build fits the same bytes as the release build, also with a linear learner.
"$built/debug/fit" --quiet --now 2026-10-01 target/cycle/train.csv | cmp - target/cycle/challenger.json
strong=(--quiet --now 2026-10-01 --preset strong target/cycle/train.csv)
"$built/debug/fit" "${strong[@]}" | cmp - <("$built/tools/fit" "${strong[@]}")

say 'the installed package runs the cycle without a checkout'
cargo package --quiet --locked --no-verify --allow-dirty
rm -rf target/installed && mkdir -p target/installed/empty
tar -xzf target/package/spamops-*.crate -C target/installed
cargo install --quiet --locked --debug --path target/installed/spamops-* --bin spamops --root target/installed --target-dir "$built"
(cd target/installed/empty && env -i PATH=/usr/bin:/bin ../bin/spamops run --demo)
# The package's registry equals the registry of the checkout: the same first champion, the same promoted challenger.
diff -r --exclude README.md target/installed/empty/out/models target/cycle/models

say 'publishing: gto and a local GitHub read the results'
tests/publish/run.sh

say 'tracking: a real MLflow server'
tests/mlflow/run.sh

say 'the action: a real runner'
tests/action/run.sh

say 'the work tree is unchanged'
[ "$before" = "$(tree)" ] || { git status --short; exit 1; }

say 'all passed'
