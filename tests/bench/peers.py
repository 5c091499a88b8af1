#!/usr/bin/env python3
"""Reads the corpora and computes scikit-learn's out-of-fold scores on them, once. Keeps the scores in target/bench/quality.

    tests/bench/peers.py [--corpora sms,enron] [--seeds 5]     computes missing scores

Terms are counted once for all rows. A fold uses the counts of its rows, restricted to the terms of its training rows. A
TfidfVectorizer fitted on the fold would use the same counts. SPAMOPS_CORPORA sets the directory of the corpora (default ../shared/data).
"""

import argparse
import csv
import functools
import hashlib
import lzma
import os
import re
import sys
from pathlib import Path

import numpy as np
import sklearn
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import MultinomialNB
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from run import FILES

csv.field_size_limit(1 << 30)
threadpool_limits(1)  # on such short vectors BLAS is ten times faster with one thread than with several
CORPORA = Path(os.environ.get("SPAMOPS_CORPORA", "../shared/data"))
WORDS = CountVectorizer(dtype=np.float64)
PAIRS = CountVectorizer(ngram_range=(1, 2), dtype=np.float64)
CHARACTERS = CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), dtype=np.float64)
LOGISTIC = LogisticRegression(C=10, max_iter=1000)
PEERS = {
    "sklearn, its defaults": (WORDS, TfidfTransformer(), MultinomialNB()),
    "NB, words 1-2, sublinear, alpha .1": (PAIRS, TfidfTransformer(sublinear_tf=True), MultinomialNB(alpha=0.1)),
    "logistic regression, words 1-2": (PAIRS, TfidfTransformer(), LOGISTIC),
    "linear SVM, char_wb 3-5": (CHARACTERS, TfidfTransformer(), LinearSVC(random_state=0)),
    "logistic regression, char_wb 3-5": (CHARACTERS, TfidfTransformer(), LOGISTIC),
}


@functools.cache
def corpus(name):
    """Texts and labels (1 is spam) of a corpus, or None if it is missing."""
    for path, opened in ((CORPORA / f"{name}.csv", open), (CORPORA / f"{name}.csv.xz", lzma.open)):
        if path.exists():
            with opened(path, "rt", encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            return [row["text"] for row in rows], np.array([int(row["label"] == "spam") for row in rows])
    print(f"skipped: {name} is not in {CORPORA}; set SPAMOPS_CORPORA")
    return None


def chosen(name, unique):
    """Indices of all rows, or of the last row of each distinct text."""
    texts, _ = corpus(name)
    return np.array(list({text: row for row, text in enumerate(texts)}.values())) if unique else np.arange(len(texts))


def folds(labels, seed):
    """Training and test rows of five folds."""
    return list(StratifiedKFold(5, shuffle=True, random_state=seed).split(labels, labels))


@functools.cache
def counts(name, vectorizer):
    return clone(vectorizer).fit_transform(corpus(name)[0])


def scores_file(name, unique, seed, peer):
    """File for the scores of a peer. Its name depends on the rows and all parameters."""
    texts, labels = corpus(name)
    rows = chosen(name, unique)
    digest = hashlib.sha256(repr((sklearn.__version__, PEERS[peer], labels[rows].tolist())).encode())
    for row in rows:
        digest.update(texts[row].encode(errors="surrogatepass") + b"\0")
    slug = re.sub(r"\W+", "-", peer)
    selection = "unique" if unique else "all"
    return FILES / "quality" / f"{name}-{selection}-{seed}-{slug}-sklearn-{sklearn.__version__}-{digest.hexdigest()[:12]}.npz"


def out_of_fold(name, unique, seed, peers):
    """Out-of-fold scores and verdicts of peers that share their terms and weights."""
    rows = chosen(name, unique)
    labels = corpus(name)[1][rows]
    vectorizer, transformer, _ = PEERS[peers[0]]
    table = counts(name, vectorizer)[rows]
    found = {peer: (np.zeros(len(rows)), np.zeros(len(rows), dtype=np.uint8)) for peer in peers}
    for train, test in folds(labels, seed):
        known = table[train]
        terms = np.flatnonzero(np.bincount(known.indices, minlength=known.shape[1]))
        weights = clone(transformer).fit(known[:, terms])
        learned, tested = weights.transform(known[:, terms]), weights.transform(table[test][:, terms])
        for peer, (scores, verdicts) in found.items():
            model = clone(PEERS[peer][2]).fit(learned, labels[train])
            scores[test] = model.predict_proba(tested)[:, 1] if hasattr(model, "predict_proba") else model.decision_function(tested)
            verdicts[test] = model.predict(tested)
    return found


def scored(name, unique, seed):
    """Scores and verdicts of every peer, from files or computed now."""
    paths = {peer: scores_file(name, unique, seed, peer) for peer in PEERS}
    missing = {}
    for peer, path in paths.items():
        if not path.exists():
            missing.setdefault(repr(PEERS[peer][:2]), []).append(peer)
    for peers in missing.values():
        for peer, (scores, verdicts) in out_of_fold(name, unique, seed, peers).items():
            paths[peer].parent.mkdir(parents=True, exist_ok=True)
            with open(paths[peer].with_suffix(".new"), "wb") as file:
                np.savez_compressed(file, scores=scores, verdicts=verdicts)
            paths[peer].with_suffix(".new").rename(paths[peer])
            print(f"wrote {paths[peer].name}", file=sys.stderr, flush=True)
    return {peer: tuple(np.load(path)[part] for part in ("scores", "verdicts")) for peer, path in paths.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpora", default="sms,enron")
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    for name in args.corpora.split(","):
        for seed in range(args.seeds if corpus(name) else 0):
            for unique in (False, True):
                scored(name, unique, seed)


if __name__ == "__main__":
    main()
