#!/usr/bin/env python3
"""Quality beside scikit-learn on real corpora: the same folds, the same labels, pooled counts.

    tests/bench/quality.py TOOLS [SEEDS]     TOOLS is the directory with fit and score, SEEDS a number (5)

Stratified 5-fold cross-validation, shuffled by each seed, with all rows and without exact duplicates. F1 is at the threshold
each model has of its own; AUC and recall at a false-positive rate of .1% need none, so they compare the ranking alone. The
corpora come by SPAMOPS_CORPORA (default ../shared/data); one that is not there is skipped aloud.
"""

import csv
import lzma
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score, roc_auc_score, roc_curve
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

csv.field_size_limit(1 << 30)
CORPORA = pathlib.Path(os.environ.get("SPAMOPS_CORPORA", "../shared/data"))
PEERS = {
    "sklearn, its defaults": lambda: make_pipeline(TfidfVectorizer(), MultinomialNB()),
    "sklearn, words 1-2, sublinear, alpha .1": lambda: make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), MultinomialNB(alpha=0.1)),
}


def corpus(name):
    """Texts and labels of a corpus; none where it is not there."""
    for path, opened in ((CORPORA / f"{name}.csv", open), (CORPORA / f"{name}.csv.xz", lzma.open)):
        if path.exists():
            with opened(path, "rt", encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            return [row["text"] for row in rows], [int(row["label"] == "spam") for row in rows]
    print(f"skipped: {name} is not in {CORPORA}")
    return None


def ours(tools, preset, texts, labels, train, test, work):
    """Scores and verdicts of the tools on one fold."""
    for part, rows in (("train", train), ("test", test)):
        with open(work / f"{part}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["label", "text"])
            writer.writerows([["ham", "spam"][labels[row]], texts[row]] for row in rows)
    subprocess.run([tools / "fit", "--quiet", "--preset", preset, work / "train.csv", "-o", work / "model.json"], check=True)
    subprocess.run([tools / "score", "--model", work / "model.json", work / "test.csv", "-o", work / "scored.csv"], check=True)
    with open(work / "scored.csv", encoding="utf-8", newline="") as file:
        scored = list(csv.DictReader(file))
    return [float(row["spam_score"]) for row in scored], [int(row["verdict"] == "spam") for row in scored]


def measured(labels, scores, verdicts):
    """F1, AUC and recall at a false-positive rate of .1%."""
    false, true, _ = roc_curve(labels, scores)
    return f1_score(labels, verdicts), roc_auc_score(labels, scores), max(t for f, t in zip(false, true) if f <= 0.001)


def main():
    tools, seeds = pathlib.Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print(f"scikit-learn {sklearn.__version__}, seeds 0 to {seeds - 1}: mean of F1, AUC, recall at FPR .1% (sd of F1)")
    for name in ("sms", "enron"):
        found = corpus(name)
        if found is None:
            continue
        for unique in (False, True):
            texts, labels = found
            if unique:
                texts, labels = zip(*dict(zip(texts, labels)).items())
            print(f"\n{name}, {len(texts)} rows{', exact duplicates left out' if unique else ''}")
            results = {}
            with tempfile.TemporaryDirectory() as work:
                for seed in range(seeds):
                    folds = list(StratifiedKFold(5, shuffle=True, random_state=seed).split(texts, labels))
                    for label, peer in PEERS.items():
                        scores, verdicts = {}, {}
                        for train, test in folds:
                            model = peer().fit([texts[row] for row in train], [labels[row] for row in train])
                            found_scores = model.predict_proba([texts[row] for row in test])[:, 1]
                            scores |= dict(zip(test, found_scores))
                            verdicts |= dict(zip(test, (found_scores >= 0.5).astype(int)))
                        results.setdefault(label, []).append((scores, verdicts))
                    for preset in ("classic", "seeds", "message"):
                        scores, verdicts = {}, {}
                        for train, test in folds:
                            fold = ours(tools, preset, texts, labels, train, test, pathlib.Path(work))
                            scores |= dict(zip(test, fold[0]))
                            verdicts |= dict(zip(test, fold[1]))
                        results.setdefault(f"fit --preset {preset}", []).append((scores, verdicts))
            rows = range(len(texts))
            for label, runs in results.items():
                figures = [measured(labels, [scores[row] for row in rows], [verdicts[row] for row in rows]) for scores, verdicts in runs]
                f1, auc, recall = (statistics.mean(column) for column in zip(*figures))
                spread = statistics.pstdev(figure[0] for figure in figures)
                print(f"  {label:42} {f1:.4f}  {auc:.4f}  {recall:.4f}  ({spread:.4f})")


main()
