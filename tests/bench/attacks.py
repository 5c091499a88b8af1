#!/usr/bin/env python3
"""Recall on disguised spam: seeded attacks on the SMS corpus, five folds of seed 0.

    tests/bench/attacks.py TOOLS [--presets message,strong] [--fit-options '...']

Models learn from clean rows. An attack changes every letter that it can in every spam message of the test fold. Recall is at
the model's own threshold. False positives are counted on clean ham. The script fails if a value breaks a bound of BOUNDS.
"""

import argparse
import collections
import math
import random
import re
import shlex
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import peers
import quality
from disguises import disguises

DISGUISES = ("homoglyph", "zero-width", "full-width", "leet", "spaced", "typo")
PADDINGS = ("good words", "good messages")
FALSE_POSITIVES = 0.0015
BOUNDS = {"message": dict.fromkeys(DISGUISES, 0.90), "strong": dict.fromkeys(PADDINGS, 0.85)}
PEERS = ("sklearn, its defaults", "linear SVM, char_wb 3-5")


def good_words(texts, labels):
    """The twenty words with the highest smoothed log-odds for ham."""
    counts = [collections.Counter(), collections.Counter()]
    for text, label in zip(texts, labels):
        counts[label].update(re.findall(r"\w\w+", text.lower()))
    ham, spam = (sum(words.values()) + len(counts[0] | counts[1]) for words in counts)
    odds = {word: math.log((count + 1) / ham) - math.log((counts[1][word] + 1) / spam) for word, count in counts[0].items()}
    return sorted(odds, key=lambda word: (-odds[word], word))[:20]


def attacks(texts, labels, seed):
    """A function for each attack, by name. The paddings come from these training rows."""
    rng = random.Random(seed)
    hams = [text for text, label in zip(texts, labels) if label == 0]
    words = " ".join(good_words(texts, labels))
    return {
        "clean": lambda text: text,
        **disguises(rng),
        "good words": lambda text: f"{text} {words}",
        "good messages": lambda text: " ".join([text, *rng.sample(hams, 3)]),
    }


def peer(name):
    """A function that fits scikit-learn on training rows and returns its verdicts on texts."""
    vectorizer, transformer, model = (clone(part) for part in peers.PEERS[name])
    return lambda texts, labels, tested: make_pipeline(vectorizer, transformer, model).fit(texts, labels).predict(tested)


def preset_model(tools, preset, options, work):
    """A function that fits the tools on training rows and returns their verdicts, or None if `fit` does not have the preset."""
    train, test, model, out = (Path(work, name) for name in ("train.csv", "test.csv", "model.json", "scored.csv"))

    def verdicts(texts, labels, tested):
        quality.write(train, texts, labels)
        quality.write(test, tested, np.zeros(len(tested), dtype=int))
        return quality.score(tools, model, test, out)[1] if quality.fit(tools, preset, options, train, model) else None

    return verdicts


def rates_of(verdicts):
    """Recall under each attack and the false positive rate on clean ham, pooled over the folds."""
    texts, labels = peers.corpus("sms")
    right = collections.Counter()
    for number, (train, test) in enumerate(peers.folds(labels, 0)):
        known = [texts[row] for row in train]
        attacked = attacks(known, labels[train], number)
        spam, ham = ([texts[row] for row in test if labels[row] == label] for label in (1, 0))
        tested = [attack(text) for attack in attacked.values() for text in spam]
        verdicts_found = verdicts(known, labels[train], tested + ham)
        if verdicts_found is None:
            return None
        for name, part in zip(attacked, np.split(verdicts_found[: len(tested)], len(attacked))):
            right[name] += part.sum()
        right["ham"] += verdicts_found[len(tested) :].sum()
    return {name: right[name] / (np.sum(labels == 0) if name == "ham" else np.sum(labels)) for name in right}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tools", type=lambda path: Path(path).absolute(), metavar="TOOLS", help="the directory with fit and score")
    parser.add_argument("--presets", default="message,strong")
    parser.add_argument("--fit-options", default="", help="further options of fit, for experiments")
    args = parser.parse_args()
    if peers.corpus("sms") is None:
        return 0
    broken = []
    columns = ("clean", *DISGUISES, *PADDINGS)
    print(f"{'recall, percent':26}{''.join(f'{name:>14}' for name in columns)}   false positives")
    with tempfile.TemporaryDirectory() as work:
        models = {name: peer(name) for name in PEERS}
        models |= {name: preset_model(args.tools, name, shlex.split(args.fit_options), work) for name in args.presets.split(",")}
        for name, verdicts in models.items():
            rates = rates_of(verdicts)
            if rates is None:
                continue
            print(f"{name:26}{''.join(f'{100 * rates[column]:14.1f}' for column in columns)}{100 * rates['ham']:17.2f}%", flush=True)
            if name in BOUNDS and rates["ham"] > FALSE_POSITIVES:
                broken.append(f"{name}: false positive rate {rates['ham']:.2%} on clean ham (limit {FALSE_POSITIVES:.2%})")
            for attack, bound in BOUNDS.get(name, {}).items():
                if rates[attack] < bound:
                    broken.append(f"{name}: recall {rates[attack]:.3f} under {attack} (limit {bound:.2f})")
    for line in broken:
        print(f"attacks: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
