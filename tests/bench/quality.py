#!/usr/bin/env python3
"""Compares quality with scikit-learn on real corpora: the same folds, the same labels, pooled out-of-fold scores.

    tests/bench/quality.py TOOLS [--seeds 5] [--corpora sms,enron] [--presets message,strong] [--fit-options '--alpha .2']

It runs stratified 5-fold cross-validation, shuffled by each seed, with all rows and without exact duplicates. F1 is at the
model's own threshold. AUC and recall at a false positive rate of 0.1% need no threshold, so they compare the ranking alone.
A difference to the best peer is the mean over the seeds. Its 95% interval is from a paired bootstrap of the rows by class.
The script fails if the interval of `strong` is below the best peer, or if `message` does not exceed both naive Bayes peers in F1.
"""

import argparse
import csv
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import sklearn

import peers

METRICS = ("F1", "AUC", "recall")
BAYES = list(peers.PEERS)[:2]


def write(path, texts, labels):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "text"])
        writer.writerows((["ham", "spam"][label], text) for text, label in zip(texts, labels))


def fit(tools, preset, options, rows, model):
    """Fits a model. Returns False and prints a message if `fit` does not have the preset."""
    done = subprocess.run([tools / "fit", "--quiet", "--preset", preset, *options, rows, "-o", model], stderr=subprocess.PIPE, text=True)
    if done.returncode == 2 and "'--preset <NAME>'" in done.stderr:
        print(f"skipped: {done.stderr.splitlines()[0]}")
        return False
    if done.returncode != 0:
        sys.exit(done.stderr.strip())
    return True


def score(tools, model, rows, out):
    """Scores a file and returns the scores and verdicts."""
    if subprocess.run([tools / "score", "--quiet", "--model", model, rows, "-o", out]).returncode != 0:
        sys.exit("score failed")
    with open(out, encoding="utf-8", newline="") as file:
        scored = list(csv.DictReader(file))
    return np.array([float(row["spam_score"]) for row in scored]), np.array([row["verdict"] == "spam" for row in scored])


def out_of_fold(tools, preset, options, texts, labels, seed):
    """Out-of-fold scores and verdicts of the tools, or None if `fit` does not have the preset."""
    scores, verdicts = np.zeros(len(texts)), np.zeros(len(texts), dtype=bool)
    with tempfile.TemporaryDirectory() as work:
        train_file, test_file, model, out = (Path(work, name) for name in ("train.csv", "test.csv", "model.json", "scored.csv"))
        for train, test in peers.folds(labels, seed):
            write(train_file, [texts[row] for row in train], labels[train])
            write(test_file, [texts[row] for row in test], labels[test])
            if not fit(tools, preset, options, train_file, model):
                return None
            scores[test], verdicts[test] = score(tools, model, test_file, out)
    return scores, verdicts


def measure(labels, scores, verdicts):
    """A function from row weights to F1, AUC and recall at a false positive rate of 0.1%."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    spam, found = labels == 1, verdicts.astype(bool)
    right, called = spam & found, found

    def figures(weights):
        true, false = np.cumsum((weights * spam)[order])[ends], np.cumsum((weights * ~spam)[order])[ends]
        f1 = 2 * weights[right].sum() / (weights[called].sum() + true[-1])
        ties = np.diff(true, prepend=0) * (false[-1] - (false + np.append(0, false[:-1])) / 2)
        allowed = np.searchsorted(false, 0.001 * false[-1], side="right")
        return f1, ties.sum() / (true[-1] * false[-1]), true[allowed - 1] / true[-1] if allowed else 0.0

    return figures


def resamples(labels, count):
    """Row weights of `count` bootstrap samples, drawn within each class."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        weights = np.zeros(len(labels), dtype=np.int64)
        for label in (0, 1):
            rows = np.flatnonzero(labels == label)
            weights[rows] = np.bincount(rng.integers(len(rows), size=len(rows)), minlength=len(rows))
        yield weights


def compare(results, labels, names, count):
    """Prints each preset's differences to the best peers. Returns the differences whose interval is below zero."""
    measures = {name: [measure(labels, *run) for run in runs] for name, runs in results.items()}

    def mean(name, weights):
        return np.mean([figures(weights) for figures in measures[name]], axis=0)

    means = {name: mean(name, np.ones(len(labels), dtype=np.int64)) for name in measures}
    best = [max(peers.PEERS, key=lambda peer: means[peer][metric]) for metric in range(3)]
    sampled = {name: [] for name in {*names, *best}}
    for weights in resamples(labels, count if names else 0):
        for name, drawn in sampled.items():
            drawn.append(mean(name, weights))
    below = []
    for name in names:
        for metric, (label, peer) in enumerate(zip(METRICS, best)):
            drawn = [own[metric] - other[metric] for own, other in zip(sampled[name], sampled[peer])]
            low, high = np.quantile(drawn, [0.025, 0.975])
            text = f"{name} - best peer ({peer}): {label} {means[name][metric] - means[peer][metric]:+.5f} [{low:+.5f}, {high:+.5f}]"
            print(f"  {text}")
            below += [text] * int(high < 0)
    return below


def report(name, unique, args):
    """Prints the table of one corpus and returns the broken bounds."""
    rows = peers.chosen(name, unique)
    texts, labels = [peers.corpus(name)[0][row] for row in rows], peers.corpus(name)[1][rows]
    results = {peer: [] for peer in peers.PEERS}
    for seed in range(args.seeds):
        for peer, run in peers.scored(name, unique, seed).items():
            results[peer].append(run)
    title = f"{name}, {len(rows)} rows{', without exact duplicates' if unique else ''}"
    print(f"\n{title:48} {'F1':>6}  {'AUC':>6}  {'recall':>6}  (sd of F1)")
    presets = []
    for preset in args.presets.split(","):
        runs = []
        for seed in range(args.seeds):
            runs.append(out_of_fold(args.tools, preset, shlex.split(args.fit_options), texts, labels, seed))
            if runs[-1] is None:
                break
        else:
            results[preset] = runs
            presets.append(preset)
    table = {}
    for label, runs in results.items():
        figures = np.array([measure(labels, *run)(np.ones(len(labels), dtype=np.int64)) for run in runs])
        table[label] = figures.mean(axis=0)
        print(f"  {label:46} {'  '.join(f'{figure:.4f}' for figure in table[label])}  ({figures[:, 0].std():.4f})", flush=True)
    below = compare(results, labels, [preset for preset in presets if preset in ("message", "strong")], args.resamples)
    broken = [text for text in below if text.startswith("strong")]
    if "message" in presets:
        broken += [f"F1 of message does not exceed {peer}" for peer in BAYES if table["message"][0] <= table[peer][0]]
    return [f"{title}: {line}" for line in broken]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tools", type=lambda path: Path(path).absolute(), metavar="TOOLS", help="the directory with fit and score")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--corpora", default="sms,enron")
    parser.add_argument("--presets", default="classic,seeds,message,strong")
    parser.add_argument("--fit-options", default="", help="further options of fit, for experiments")
    parser.add_argument("--resamples", type=int, default=500)
    args = parser.parse_args()
    print(f"scikit-learn {sklearn.__version__}, seeds 0 to {args.seeds - 1}: means of F1, AUC and recall at a false positive rate of 0.1%")
    broken = []
    for name in args.corpora.split(","):
        for unique in (False, True) if peers.corpus(name) else ():
            broken += report(name, unique, args)
    for line in broken:
        print(f"quality: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
