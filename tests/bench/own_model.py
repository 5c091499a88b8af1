#!/usr/bin/env python3
"""A scikit-learn model is champion, until a model from fit beats it: tests/bench/own_model.py TOOLS

The rows are the messages in data/. The model learned from the rows before 2025-10-01. Its first run has the rows until 2026,
and each later run the rows of the next 15 days, with labels. New spam begins in July 2026. Before each run, this script
scores the rows with the model, and `spamops run --champion-scored` gets the scores. It prints a line per run, and fails
unless the model is champion for ten runs, drifts, and is replaced by a model that is better.
"""

import argparse
import csv
import datetime
import json
import shutil
import subprocess
import sys
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import run  # noqa: E402

FILES = run.FILES / "own-model"
POLICY = '[score]\nscore-column = "probability"\n'
DAY = datetime.timedelta(days=1)


def blocks():
    """The labelled messages before 2025-10-01, until 2026, and then of 15 days each, with the first day after them."""
    with open(HERE.parent.parent / "data" / "messages.csv", encoding="utf-8", newline="") as file:
        rows = [(row["date"], row["label"], row["text"]) for row in csv.DictReader(file) if row["label"] in ("spam", "ham")]
    ends = [datetime.date(2025, 10, 1), datetime.date(2026, 1, 1)]
    while str(ends[-1]) < max(rows)[0]:
        ends.append(ends[-1] + 15 * DAY)
    for start, end in zip([datetime.date.min, *ends], ends):
        yield str(end), [row for row in rows if str(start) <= row[0] < str(end)]


def write(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", type=Path)
    args = parser.parse_args()
    shutil.rmtree(FILES, ignore_errors=True)
    FILES.mkdir(parents=True)
    (FILES / "spamops.toml").write_text(POLICY)
    (_, training), *later = blocks()
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=30, max_iter=1000))
    model.fit([text for *_, text in training], [label == "spam" for _, label, _ in training])
    tool = args.tools.resolve() / "spamops"
    for number, (now, rows) in enumerate(later, 1):
        scores = model.predict_proba([text for *_, text in rows])[:, 1]
        write(FILES / "data.csv", ("date", "label", "text"), rows)
        write(FILES / "scored.csv", ("text", "probability"), [(text, score) for (*_, text), score in zip(rows, scores)])
        subprocess.run([tool, "run", "--quiet", "--data", "data.csv", "--champion-scored", "scored.csv", "--now", now], cwd=FILES, check=True, stdout=subprocess.DEVNULL)
        decision, drift = (json.loads((FILES / "out" / name).read_text()) for name in ("decision.json", "drift.json"))
        f1 = f1_score([label == "spam" for _, label, _ in rows], scores >= 0.5)
        print(f"run {number:2}  {now}  {len(rows):4} rows  F1 {f1:.3f}  {drift['verdict']:17}  {decision['reason']}", flush=True)
        if decision["deploy_needed"]:
            break
    compare = json.loads((FILES / "out" / "compare.json").read_text())
    broken = [text for is_broken, text in [
        (number <= 10, "the model was not champion for ten runs"),
        (drift["verdict"] != "drifted", "the last run did not drift"),
        (compare["verdict"] != "better", "the challenger is not better"),
    ] if is_broken]
    print("\n".join(f"FAILED: {text}" for text in broken) or "all bounds hold")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
