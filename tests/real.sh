#!/usr/bin/env bash
# Runs a heavy test: tests/real.sh NAME. Without a name, it lists the tests. tests/bench/README.md has the last results.
set -euo pipefail
cd "$(dirname "$0")/.."

# Installs scikit-learn and nltk in target/peers.
peers() {
  [ -x target/peers/bin/python ] || python3 -m venv target/peers
  target/peers/bin/pip install --quiet --disable-pip-version-check scikit-learn==1.9.1 nltk==3.9.2
}

# Builds the tools in release mode and links them in target/tools. Arguments name further build targets.
tools() {
  cargo build --quiet --release --locked --bin spamops "$@"
  target/release/spamops link --quiet target/tools
}

case ${1-} in
  bench-sample) # `sample` on ten million rows: memory, and speed compared with a bare CSV reader
    exec tests/bench/run.py sample ;;
  quality) # F1, AUC and recall compared with scikit-learn on the same folds of real corpora
    peers
    tools
    exec target/peers/bin/python tests/bench/quality.py target/tools --seeds "${SEEDS:-5}" ;;
  attacks) # recall of disguised and padded spam, and false positives, compared with scikit-learn
    peers
    tools
    exec target/peers/bin/python tests/bench/attacks.py target/tools ;;
  leaks) # copies of holdout rows that `sample --against` misses, unrelated rows that it leaves out, and its cost
    tools
    exec tests/bench/leaks.py target/release/spamops ${BEFORE:+--before "$BEFORE"} ;;
  speed) # time and memory of `fit` and `score` on Enron, compared with scikit-learn, nltk and a bare CSV reader
    peers
    tools --example bare_csv --example inside
    exec target/peers/bin/python tests/bench/speed.py enron target/tools --examples target/release/examples ;;
  drift) # alarms, power, lost F1 and false retrains of `drift` on simulated streams, and its cost compared with Evidently
    [ -x target/evidently/bin/python ] || python3 -m venv target/evidently
    target/evidently/bin/pip install --quiet --disable-pip-version-check evidently==0.7.23 'pandas<3'
    tools --example harness --example streams
    exec tests/bench/drift/run.py target/tools --examples target/release/examples --evidently target/evidently/bin/python ;;
  own-model) # a scikit-learn model as champion of the cycle, until a model from `fit` replaces it
    peers
    tools
    exec target/peers/bin/python tests/bench/own_model.py target/tools ;;
  drift-streams) # the cycle on SpamAssassin and Enron in order of time: F1 against daily refits, and requests
    tools
    exec tests/bench/drift/real_streams.py target/tools "${@:2}" ;;
  domains) # estimated F1 and `score --prior auto` on pairs of real domains, compared with NannyML on the same scores
    peers
    # Only NannyML's calibrators are used. The complete package needs 2 GB.
    target/peers/bin/pip install --quiet --disable-pip-version-check 'pandas<3'
    target/peers/bin/pip install --quiet --disable-pip-version-check --no-deps --target target/nannyml nannyml==0.13.1
    tools
    exec target/peers/bin/python tests/bench/domains.py target/tools --nannyml target/nannyml ;;
  large) # memory to score five million rows and to fit two gigabytes
    tools
    exec tests/bench/speed.py large target/tools ;;
  promotions) # how often `compare` promotes simulated challengers, compared with exact McNemar and `new >= old`
    exec cargo run --quiet --release --locked --example promotions -- "${@:2}" ;;
  poison) # backdoors in the training rows: how many get through, and how many honest campaigns are held
    tools
    exec tests/bench/poison/run.py target/tools --trials "${TRIALS:-20}" ;;
  fuzz-10min) # every fuzz target for ten minutes, two at a time
    exec tests/fuzz/all.sh 600 ;;
  "")
    sed -n 's/^  \([a-z0-9-]*\)) # /\1: /p' "$0" ;;
  *)
    echo "tests/real.sh: there is no test '$1'; run tests/real.sh to list them" >&2
    exit 2 ;;
esac
