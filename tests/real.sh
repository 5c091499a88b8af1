#!/usr/bin/env bash
# The heavy tests, each by its name; without one, lists them. What each last gave is stated in tests/bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

# scikit-learn and nltk, in target/peers
peers() {
  [ -x target/peers/bin/python ] || python3 -m venv target/peers
  target/peers/bin/pip install --quiet --disable-pip-version-check scikit-learn==1.9.1 nltk==3.9.2
}

# The tools as released, in target/tools; more arguments name more to build
tools() {
  cargo build --quiet --release --locked --bin spamops "$@"
  target/release/spamops link --quiet target/tools
}

case ${1-} in
  bench-sample) # `sample` on ten million rows: speed beside a bare read of the file, and memory
    exec tests/bench/run.py sample ;;
  quality) # F1, AUC and recall beside scikit-learn on real corpora, the same folds
    peers
    tools
    exec target/peers/bin/python tests/bench/quality.py target/tools --seeds "${SEEDS:-5}" ;;
  attacks) # recall of disguised and padded spam, and false positives, beside scikit-learn
    peers
    tools
    exec target/peers/bin/python tests/bench/attacks.py target/tools ;;
  speed) # fit and score on Enron: time and memory beside scikit-learn, nltk and a bare read of the file
    peers
    tools --example bare_csv --example inside
    exec target/peers/bin/python tests/bench/speed.py enron target/tools --examples target/release/examples ;;
  drift) # alarms, power, harm and false retrains of `drift` on made-up streams, and its cost beside Evidently
    [ -x target/evidently/bin/python ] || python3 -m venv target/evidently
    target/evidently/bin/pip install --quiet --disable-pip-version-check evidently==0.7.23 'pandas<3'
    tools --example harness --example streams
    exec tests/bench/drift/run.py target/tools --examples target/release/examples --evidently target/evidently/bin/python ;;
  large) # five million rows scored in flat memory, two gigabytes fitted in 500 MB
    tools
    exec tests/bench/speed.py large target/tools ;;
  promotions) # how often `compare` promotes a model whose truth is known, beside exact McNemar and `new >= old`
    exec cargo run --quiet --release --locked --example promotions ;;
  fuzz-10min) # every fuzz target for ten minutes, two at a time
    exec tests/fuzz/all.sh 600 ;;
  "")
    sed -n 's/^  \([a-z0-9-]*\)) # /\1: /p' "$0" ;;
  *)
    echo "tests/real.sh: no part is named '$1'; without a name it lists them" >&2
    exit 2 ;;
esac
