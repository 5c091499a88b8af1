#!/usr/bin/env python3
"""Measures the seconds that scikit-learn takes to fit naive Bayes and to score the same texts, and the peak memory in MB.

    tests/bench/sklearn_times.py words|stems FILE STEP     uses every STEPth row of a CSV file with label and text

Only the work on texts in memory is timed, without Python's start and without reading the file. `stems` uses nltk as in tutorials.
"""

import csv
import json
import re
import sys
import time

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB


def stems():
    """An analyzer that lowercases, drops stop words and stems every word with Snowball."""
    from nltk.stem.snowball import SnowballStemmer

    stemmer, words = SnowballStemmer("english"), re.compile(r"(?u)\b\w\w+\b")
    return lambda text: [stemmer.stem(word) for word in words.findall(text.lower()) if word not in ENGLISH_STOP_WORDS]


def timed(work):
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def main():
    kind, path, step = sys.argv[1:]
    csv.field_size_limit(1 << 30)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:: int(step)]
    texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]
    vectorizer = TfidfVectorizer(analyzer=stems()) if kind == "stems" else TfidfVectorizer()
    model, fit = timed(lambda: MultinomialNB().fit(vectorizer.fit_transform(texts), labels))
    _, score = timed(lambda: model.predict_proba(vectorizer.transform(texts)))
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))
    print(json.dumps({"rows": len(texts), "fit": fit, "score": score, "peak": peak / 1024}))


main()
