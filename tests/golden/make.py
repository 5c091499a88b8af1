#!/usr/bin/env python3
"""Writes the golden numbers for the tests in tests/golden/main.rs.

    python3 -m venv v && v/bin/pip install scipy==1.17.1 scikit-learn==1.9.1 statsmodels==0.15.0 mpmath==1.3.0 nannyml==0.13.1
    v/bin/python tests/golden/make.py [NAME...]

Without names, the script writes all files. The output is the same on every run. Each file records the package versions. The texts are made up.
"""

import math
import functools
import importlib.metadata
import itertools
import json
import pathlib
import random
import sys
import types
import warnings

import mpmath
import numpy
import scipy
import sklearn
import sklearn.calibration
import statsmodels
from scipy.spatial.distance import jensenshannon
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import betainc, betaln, expit, kolmogi, kolmogorov as kolmogorov_tail, logit, xlogy
from scipy.stats import binom, binomtest, chi2, chi2_contingency, fisher_exact, gamma, hypergeom, ks_2samp, mannwhitneyu, norm, poisson_binom, ttest_ind_from_stats, wasserstein_distance
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score, average_precision_score, balanced_accuracy_score, brier_score_loss, f1_score, log_loss, matthews_corrcoef,
    precision_recall_curve, precision_score, recall_score, roc_auc_score, roc_curve,
)
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

HERE = pathlib.Path(__file__).parent
VERSIONS = {module.__name__: module.__version__ for module in (numpy, scipy, sklearn, statsmodels)}


def confusion():
    """scikit-learn on four weighted rows, one per cell. The weight of a row is the count of its cell, so large counts need no memory."""
    tables = [
        (0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1),
        (1, 1, 0, 0), (1, 0, 0, 1), (0, 1, 0, 1), (0, 1, 1, 1), (0, 0, 5, 3), (0, 4, 5, 0),
        (1, 1, 1, 1), (10, 2, 30, 4), (7, 0, 0, 0), (3, 1, 95, 1), (50, 0, 50, 0), (0, 50, 0, 50),
        (747, 12, 4815, 0), (690, 3, 4822, 57), (1, 999_999, 1, 1), (999_999, 1, 1, 1),
        (10**9, 1, 10**9, 3), (3, 10**9, 7, 10**9), (333_333_333, 666_666_667, 123_456_789, 987_654_321),
    ]
    for tp, fp, tn, fn in tables:
        truth, verdict, weight = [1, 0, 0, 1], [1, 1, 0, 0], [tp, fp, tn, fn]
        counts = {"true_positive": tp, "false_positive": fp, "true_negative": tn, "false_negative": fn}
        if sum(weight) == 0:  # scikit-learn rejects empty input. With zero_division=0, all four metrics are 0.
            yield counts | {"accuracy": 0.0, "precision": 0.0, "recall": 0.0, "f1": 0.0}
            continue
        zero = {"sample_weight": weight, "zero_division": 0}
        yield counts | {
            "accuracy": float(accuracy_score(truth, verdict, sample_weight=weight)),
            "precision": float(precision_score(truth, verdict, **zero)),
            "recall": float(recall_score(truth, verdict, **zero)),
            "f1": float(f1_score(truth, verdict, **zero)),
        }


def homogeneity():
    """scipy: chi2_contingency(table without its zero columns, correction=False). Cramér's V is sqrt(chi2 / n). The corrected V of
    Bergsma (2013) is computed with mpmath and 40 digits, because it subtracts nearly equal numbers."""
    tables = [
        ([10, 20], [20, 10]), ([1, 0], [0, 1]), ([1, 1], [1, 1]), ([5, 0, 5], [5, 0, 5]), ([0, 3, 0, 7, 0], [0, 9, 0, 2, 0]),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ([100, 0], [0, 100]), ([99, 1], [98, 2]), ([1, 0, 0], [0, 1, 1]), ([3, 0, 0, 0], [0, 1, 1, 1]),
        ([10**9, 10**9], [10**9, 10**9 + 50_000]), ([10**9, 1], [10**9, 7]), ([10**9, 0, 5], [3, 10**9, 0]),
        ([10**9, 10**9 - 1], [1, 2]), ([1, 1], [10**9, 10**9]), ([123_456_789, 987_654_321, 5], [123_450_000, 987_600_000, 9]),
        ([1000] * 40, [1010, 990] * 20), ([0, 40, 0, 60], [0, 45, 0, 55]), ([2500, 2500], [2400, 2600]),
        ([4, 0, 3, 0, 0, 12, 55, 99, 140, 687], [9, 1, 0, 0, 2, 20, 41, 118, 155, 654]),
    ]
    random_tables = random.Random(1)
    for columns in (2, 3, 10, 25, 200):
        tables.append(tuple([int(random_tables.paretovariate(0.7)) - 1 for _ in range(columns)] for _ in range(2)))
    for one, other in tables:
        used = numpy.array([column for column in zip(one, other) if sum(column)]).T
        found = chi2_contingency(used, correction=False)
        yield {
            "one": one, "other": other, "statistic": float(found.statistic), "p": float(found.pvalue),
            "freedom": int(found.dof), "cramers_v": float(numpy.sqrt(found.statistic / used.sum())), "cramers_v_corrected": bergsma(used.tolist()),
        }


def bergsma(table):
    """Bias-corrected Cramér's V (Bergsma 2013)."""
    with mpmath.workdps(40):
        sums, columns = [sum(row) for row in table], [sum(column) for column in zip(*table)]
        n, r, k = sum(sums), mpmath.mpf(len(sums)), mpmath.mpf(len(columns))
        square = mpmath.fsum(mpmath.mpf(table[i][j]) ** 2 / sums[i] / columns[j] for i in range(len(sums)) for j in range(len(columns))) - 1
        square, r, k = max(0, square - (k - 1) * (r - 1) / (n - 1)), r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)
        return float(mpmath.sqrt(square / min(k - 1, r - 1))) if square and min(k - 1, r - 1) > 0 else 0.0


def mcnemar_exact():
    """statsmodels: mcnemar([[0, one], [other, 0]], exact=True). Checked against scipy's binomtest."""
    pairs = [
        (0, 0), (0, 1), (1, 0), (1, 1), (0, 5), (5, 0), (0, 6), (2, 8), (8, 2), (3, 3), (10, 10), (4, 5), (12, 30), (30, 12),
        (100, 100), (100, 140), (1000, 1000), (1000, 1100), (5000, 5001), (1, 100_000), (100_000, 1), (0, 1000), (0, 1075),
        (49_000, 51_000), (50_000, 50_000), (499_000, 501_000), (10**6, 10**6 + 2000), (0, 100), (20, 1), (15, 16), (16, 18), (16, 25), (17, 40),
    ]
    for one, other in pairs:
        p = float(mcnemar([[0, one], [other, 0]], exact=True).pvalue)
        if one + other:
            numpy.testing.assert_allclose(p, binomtest(one, one + other).pvalue, rtol=1e-9, atol=1e-300)
        yield {"only_one": one, "only_other": other, "p": p}


def wilson(part, total):
    """Wilson interval from statsmodels, or None if `total` is 0."""
    return [float(bound) for bound in proportion_confint(part, total, method="wilson")] if total else None


def verdicts():
    """scikit-learn on weighted rows without empty cells: f1_score(average="macro"), matthews_corrcoef, balanced_accuracy_score if both
    classes have rows. statsmodels:
    proportion_confint(method="wilson"). The interval of F1 = 2J / (1 + J) comes from the interval of J."""
    # No table mixes billions with small counts: matthews_corrcoef subtracts their squares and loses all digits after the ninth.
    tables = [
        (0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (1, 1, 0, 0), (1, 0, 0, 1), (0, 1, 0, 1),
        (0, 1, 1, 1), (0, 0, 5, 3), (0, 4, 5, 0), (1, 1, 1, 1), (10, 2, 30, 4), (7, 0, 0, 0), (0, 0, 9, 0), (3, 1, 95, 1),
        (50, 0, 50, 0), (0, 50, 0, 50), (50, 50, 50, 50), (201, 9, 461, 58), (690, 3, 4822, 57), (1, 99_999, 1, 1),
        (99_999, 1, 1, 1), (1, 0, 999_999, 0), (1, 1, 10**6, 1), (10**6, 1, 10**6, 3), (3, 10**6, 7, 10**6),
        (10**9, 0, 0, 1), (0, 10**9, 10**9, 0), (999_999, 1, 5, 2),
    ]
    for tp, fp, tn, fn in tables:
        cells = [cell for cell in ((1, 1, tp), (0, 1, fp), (0, 0, tn), (1, 0, fn)) if cell[2]]
        truth, verdict, weight = zip(*cells) if cells else ((), (), ())
        zero = {"sample_weight": weight, "average": "macro", "zero_division": 0}
        jaccard = wilson(tp, tp + fp + fn)
        yield {
            "true_positive": tp, "false_positive": fp, "true_negative": tn, "false_negative": fn,
            "macro_f1": float(f1_score(truth, verdict, **zero)) if cells else 0.0,
            "balanced_accuracy": float(balanced_accuracy_score(truth, verdict, sample_weight=weight)) if len(set(truth)) == 2 else None,
            "mcc": float(matthews_corrcoef(truth, verdict, sample_weight=weight)) if cells else 0.0,
            "intervals": {
                "f1": [2 * bound / (1 + bound) for bound in jaccard] if jaccard else None,
                "precision": wilson(tp, tp + fp), "recall": wilson(tp, tp + fn), "accuracy": wilson(tp + tn, tp + fp + tn + fn),
            },
        }


def splitmix(seed):
    """Numbers from 0 to below 1 from splitmix64 (Steele, Lea and Flood 2014), the same in every language."""
    mask = 2**64 - 1
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        mixed = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        yield ((mixed ^ (mixed >> 31)) >> 11) / 2**53


def drawn(seed, rows, grains, lean, slope):
    """Scores and labels drawn from a seed. A score is a random number, rounded down to 1 / grains unless grains is 0. A row is positive
    if the next random number is below lean + slope * score."""
    numbers = splitmix(seed)
    scores, labels = [], []
    for one, other in itertools.islice(zip(numbers, numbers), rows):
        scores.append(int(one * grains) / grains if grains else one)
        labels.append(int(other < lean + slope * scores[-1]))
    return scores, labels


def delong(labels, scores):
    """Interval of DeLong, DeLong and Clarke-Pearson (1988) on the logit scale, from a comparison of every pair. None if the variance is
    0 or a class has fewer than two rows."""
    positive, negative = scores[labels == 1][:, None], scores[labels == 0][None, :]
    ahead = (positive > negative) + 0.5 * (positive == negative)
    if min(ahead.shape) < 2:
        return None
    variance = ahead.mean(axis=1).var(ddof=1) / ahead.shape[0] + ahead.mean(axis=0).var(ddof=1) / ahead.shape[1]
    area = ahead.mean()
    if variance == 0:
        return None
    reach = norm.ppf(0.975) * numpy.sqrt(variance) / (area * (1 - area))
    return [float(bound) for bound in expit(logit(area) + numpy.array([-reach, reach]))]


def calibration_error(labels, scores):
    """Calibration error of Naeini et al. (2015) with 15 bins. A bin includes its upper bound (Guo et al. 2017); the first also includes 0."""
    error = 0.0
    for upper in range(1, 16):
        inside = numpy.maximum(numpy.ceil(scores * 15), 1) == upper
        if inside.any():
            error += inside.mean() * abs(scores[inside].mean() - labels[inside].mean())
    return float(error)


def ranking():
    """scikit-learn: roc_auc_score, average_precision_score, log_loss, brier_score_loss. max(tpr[fpr <= limit]) is from
    roc_curve(drop_intermediate=False). The curve points are from it, with the precision of precision_recall_curve at the same
    threshold. A long curve is thinned. numpy: DeLong and the calibration error. statsmodels: Wilson. `drawn` has the parameters of drawn rows."""
    stored = [
        ([], []), ([0.5], [1]), ([0.5], [0]), ([0.0], [0]), ([1.0], [0]), ([0.0], [1]), ([1.0], [1]), ([1.0, 0.0], [1, 0]),
        ([0.0, 1.0], [1, 0]), ([0.3, 0.3], [1, 0]), ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), ([0.9, 0.8, 0.7], [1, 1, 1]),
        ([0.9, 0.8, 0.7], [0, 0, 0]), ([0.5] * 7, [1, 0, 1, 0, 0, 0, 1]), ([0.0, 0.0, 1.0, 1.0, 1.0], [0, 1, 0, 1, 1]),
        ([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0]), ([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1]), ([0.2, 0.2, 0.7, 0.7], [1, 0, 1, 0]),
        ([0.9, 0.2, 0.1], [1, 0, 0]), ([0.1, 0.2, 0.3, 0.15], [1, 0, 0, 1]),
        ([k / 15 for k in range(16)] * 2, [k % 3 % 2 for k in range(32)]),
        ([0.0, 5e-324, 1e-300, 2.0**-53, 1 - 2.0**-53, 1.0, 1e-16, 0.5], [0, 1, 0, 0, 1, 1, 1, 0]),
        ([k / 64 for k in range(64)], [int(k * 37 % 64 > 40 - k % 5) for k in range(64)]),
        ([k / 64 for k in range(64)], [k % 2 for k in range(64)]),
        ([1 - (k // 2) / 64 for k in range(64)], [k % 2 for k in range(64)]),
        ([k / 128 for k in range(104)], [int(k in (30, 60, 101, 102)) for k in range(104)]),  # 100 negatives
    ]
    seeds = [
        (1, 200, 0, 0.0, 1.0), (2, 200, 10, 0.0, 1.0), (3, 2000, 100, 0.1, 0.8), (4, 3000, 0, -0.5, 1.2), (5, 3000, 1, 0.3, 0.0),
        (6, 2000, 2, 0.2, 0.5), (7, 4000, 1000, 0.9, -0.8), (8, 4000, 0, -0.95, 1.0), (9, 4000, 0, 0.98, 0.03), (10, 6000, 7, -3.0, 4.0),
        (11, 6000, 0, -40.0, 80.0), (12, 5000, 0, 0.5, 0.0),
    ]
    cases = [({"scores": scores, "positive": [bool(label) for label in labels]}, scores, labels) for scores, labels in stored]
    names = ("seed", "rows", "grains", "lean", "slope")
    cases += [({"drawn": dict(zip(names, seed))}, *drawn(*seed)) for seed in seeds]
    for case, scores, labels in cases:
        scores, labels = numpy.array(scores, dtype=float), numpy.array(labels, dtype=int)
        any_positive, both = bool(labels.any()), bool(labels.any() and not labels.all())
        found = {"roc_auc": None, "average_precision": None, "log_loss": None, "brier": None, "ece": None,
                 "recall_at_fpr": {"0.001": None, "0.01": None}, "intervals": {"roc_auc": None, "recall_at_fpr": {"0.001": None, "0.01": None}}}
        if any_positive:
            found["average_precision"] = float(average_precision_score(labels, scores))
        if both:
            found["roc_auc"] = float(roc_auc_score(labels, scores))
            found["intervals"]["roc_auc"] = delong(labels, scores)
            false_rate, rate, _ = roc_curve(labels, scores, drop_intermediate=False)
            for limit in (0.001, 0.01):
                most = float(rate[false_rate <= limit].max())
                found["recall_at_fpr"][str(limit)] = most
                found["intervals"]["recall_at_fpr"][str(limit)] = wilson(round(most * labels.sum()), int(labels.sum()))
        if len(labels):
            found["log_loss"] = float(log_loss(labels, scores, labels=[0, 1]))
            found["brier"] = float(brier_score_loss(labels, scores, labels=[0, 1], pos_label=1))
            found["ece"] = calibration_error(labels, scores)
        points = curve(labels, scores) if len(labels) else []
        some = points[::max(1, len(points) // 16)] + points[-1:]
        yield case | found | {"points": len(points), "some": some}


def curve(labels, scores):
    """Numbered points of roc_curve without the first point, which no row reaches."""
    precision, _, at = precision_recall_curve(labels, scores, pos_label=1)
    precise = dict(zip(at.tolist(), precision.tolist()))
    columns = roc_curve(labels, scores, pos_label=1, drop_intermediate=False)
    points = list(zip(*(column.tolist() for column in columns)))[1:]
    number = lambda value: None if numpy.isnan(value) else value
    return [{"place": place, "threshold": threshold, "false_positive_rate": number(false_rate), "true_positive_rate": number(rate),
             "precision": precise[threshold]} for place, (false_rate, rate, threshold) in enumerate(points)]


def climb(scores, training, positive, negative):
    """EM of Saerens, Latinne and Decaestecker (2002), with labelled rows included, until it converges."""
    one, other = scores / training, (1 - scores) / (1 - training)
    share = training
    for _ in range(1_000_000):
        weights = share * one / (share * one + (1 - share) * other)
        last, share = share, float((weights.sum() + positive) / (len(scores) + positive + negative))
        if abs(share - last) <= 4e-16 * share:
            break
    else:
        raise ArithmeticError(f"EM does not converge: {share}, {last}, {training}, {scores[:5]}")
    return share, float(numpy.log(share * one + (1 - share) * other).sum() + xlogy(positive, share) + xlogy(negative, 1 - share))


def prior_shift():
    """numpy: EM until it converges. scipy: chi2.sf of twice the log-likelihood gain of two class balances over one. Scores are `drawn`,
    then squared `squares` times to make low scores frequent."""
    seeds = [
        (1, 200, 0, 1, 20, 180), (2, 200, 0, 2, 20, 180), (3, 1000, 0, 1, 500, 500), (4, 1000, 0, 2, 333, 667), (5, 1000, 0, 3, 134, 866),
        (6, 3000, 0, 3, 747, 4827), (7, 3000, 0, 3, 7, 4827), (8, 3000, 0, 4, 300, 700), (9, 3000, 0, 0, 134, 866), (10, 3000, 0, 0, 500, 500),
        (11, 3000, 10, 0, 134, 866), (12, 3000, 10, 2, 134, 866), (13, 3000, 100, 3, 900, 100), (14, 5000, 1, 0, 10, 90), (15, 5000, 2, 0, 40, 60),
        (16, 5000, 4, 1, 1, 999), (17, 5000, 0, 2, 2, 3), (18, 5000, 0, 1, 999_999, 1_000_001), (19, 1, 0, 0, 5, 5), (20, 2, 0, 0, 50, 950),
        (21, 20, 0, 1, 134, 866), (22, 20_000, 0, 3, 1000, 5000), (23, 20_000, 0, 5, 1000, 9000), (24, 20_000, 50, 4, 10**6, 10**7),
    ]
    for seed, rows, grains, squares, positive, negative in seeds:
        scores = numpy.array(drawn(seed, rows, grains, 0, 0)[0])
        for _ in range(squares):
            scores = scores * scores
        training = positive / (positive + negative)
        estimated, gain = climb(scores, training, 0, 0)
        common, one = climb(scores, training, positive, negative)
        two = gain + xlogy(positive, training) + xlogy(negative, 1 - training)
        statistic = max(0.0, float(2 * (two - one)))
        yield {"drawn": {"seed": seed, "rows": rows, "grains": grains, "lean": 0, "slope": 0}, "squares": squares, "positive": positive,
               "negative": negative, "estimated": estimated, "common": common, "statistic": statistic, "p": float(chi2.sf(statistic, 1))}


SETS = {
    "english": ([
        (1, "WIN a £1,000 prize! Call 0800-111-222 NOW, call free!!"), (1, "URGENT: your account_id 4471 is locked, see http://x.test/a?b=1"),
        (1, "free free FREE entry 2 win cash"), (0, "I'll be late, see you at lunch"), (0, "Can you call me when you are free? x"),
        (0, "a b c d"), (0, ""), (0, "The invoice_2024_07 is on my desk; don't pay twice"), (1, "Congratulations you won! claim your prize at 12:30"),
    ], ["call now to win", "see you", "", "q z", "unknown words only", "prize prize prize lunch", "account_id 4471"]),
    "german and korean": ([
        (1, "GEWINNSPIEL: Sie haben 500€ gewonnen! Jetzt klicken"), (1, "무료 상품권 당첨! 지금 클릭하세요 무료 무료"), (1, "Letzte Mahnung – Straße STRASSE ẞ großes Paket"),
        (0, "Grüße aus München, bis später 😀"), (0, "내일 점심 같이 먹을까요? 😀😀"), (0, "Die Prüfung ist um 8:30 Uhr, Raum_12"), (0, "ΟΔΟΣ ΟΔΥΣΣΕΥΣ σας"),
        (1, "Ⅷ ⅷ ½½ ²³ ٣٤ ４５ kostenlos_überall"),
    ], ["무료 점심", "straße München kostenlos_überall", "😀😀😀", "ΟΔΟΣ odos", "٣٤ ４５ ²³", "PRÜFUNG gewonnen raum_12"]),
    "one word each": ([(1, "spam"), (0, "ham"), (1, "spam spam"), (0, "ham eggs")], ["spam", "ham", "eggs", "spam ham", "eggs eggs spam"]),
    "one class is rare": ([(0, f"note {n} about the meeting in room {n % 7}") for n in range(60)] + [(1, "note about the bitcoin meeting")],
                          ["bitcoin", "meeting", "room 3", "note 17 bitcoin bitcoin"]),
    "marks and circled letters": ([
        (1, "fu\u0308r gro\u0308\u00dfere gewinne Ⓕⓡⓔⓔ 🅕🅡🅔🅔 f\u0336r\u0336e\u0336e\u0336"), (1, "मुफ़्त पुरस्कार जीतें अभी"), (1, "❤\ufe0flove 1\ufe0f\u20e3 click\u0301"),
        (0, "नमस्ते आज शाम मिलते हैं"), (0, "sch\u00f6ne gr\u00fc\u00dfe fu\u0308r dich ❤\ufe0f"), (0, "สวัสดีครับ พรุ่งนี้เจอกัน"), (0, "İstanbul'da görüşürüz \u093elone"),
    ], ["f\u00fcr", "fu\u0308r", "ⓕⓡⓔⓔ", "मुफ़्त आज", "❤\ufe0f❤\ufe0f", "\u0301\u0301 istanbul", "İSTANBUL พรุ่งนี้เจอกัน"]),
}


# Options that differ from TfidfVectorizer() and MultinomialNB().
WAYS = [
    {}, {"alpha": 0.1}, {"alpha": 10.0}, {"alpha": 1e-3}, {"bayes": "complement"}, {"bayes": "complement", "alpha": 0.1},
    {"ngrams": [1, 2]}, {"ngrams": [2, 2]}, {"ngrams": [1, 3]}, {"ngrams": [2, 3], "alpha": 0.5}, {"lowercase": False},
    {"stop": "english"}, {"stop": "english", "ngrams": [1, 2]}, {"stop": "english", "bayes": "complement"},
    {"min_df": 2}, {"min_df": 0.2}, {"max_df": 0.5}, {"max_df": 3}, {"min_df": 2, "max_df": 0.6, "ngrams": [1, 2]},
    *[{"max_features": limit} for limit in range(1, 9)], *[{"max_features": limit, "ngrams": [1, 2]} for limit in (2, 3, 4, 6)],
    {"sublinear": True}, {"sublinear": True, "alpha": 0.1, "ngrams": [1, 2]}, {"idf": False}, {"idf": False, "sublinear": True}, {"smooth": False},
    {"norm": "l1"}, {"norm": "none"}, {"norm": "none", "idf": False}, {"norm": "l1", "sublinear": True, "bayes": "complement"},
    {"analyzer": "char", "ngrams": [1, 1]}, {"analyzer": "char", "ngrams": [2, 4]}, {"analyzer": "char", "ngrams": [1, 3], "lowercase": False},
    {"analyzer": "char_wb", "ngrams": [3, 5]}, {"analyzer": "char_wb", "ngrams": [1, 2], "sublinear": True}, {"analyzer": "char_wb", "ngrams": [2, 6], "min_df": 2},
    {"analyzer": "char_wb", "ngrams": [3, 5], "lowercase": False, "bayes": "complement", "alpha": 0.3}, {"analyzer": "char", "ngrams": [3, 3], "norm": "none"},
]


def is_tied(vectorizer, texts):
    """Whether the last kept term and the first dropped term have the same frequency. scikit-learn breaks such ties arbitrarily."""
    unlimited = CountVectorizer(analyzer=vectorizer.analyzer, ngram_range=vectorizer.ngram_range)
    frequency = sorted(unlimited.fit_transform(texts).sum(axis=0).A1.tolist(), reverse=True) + [0]
    limit = vectorizer.max_features
    return limit < len(frequency) - 1 and frequency[limit - 1] == frequency[limit]


# Weighted rows, and a class balance that differs from the class balance of the rows.
WAYS += [
    *[{"prior": prior} for prior in (0.001, 0.3, 0.5, 0.95)], {"prior": 0.2, "alpha": 0.1, "ngrams": [1, 2]}, {"prior": 0.2, "bayes": "complement"},
    {"weighted": True}, {"weighted": True, "bayes": "complement"}, {"weighted": True, "prior": 0.3}, {"weighted": True, "alpha": 0.1, "sublinear": True},
    {"weighted": True, "analyzer": "char_wb", "ngrams": [2, 4], "norm": "none", "idf": False},
]


def learned(way, learner, rows, queries):
    """Number of terms and positive probabilities from TfidfVectorizer and a learner. None for a tie or if no terms are left."""
    norm = way.get("norm", "l2")
    vectorizer = TfidfVectorizer(
        analyzer=way.get("analyzer", "word"), ngram_range=tuple(way.get("ngrams", [1, 1])), lowercase=way.get("lowercase", True),
        stop_words=way.get("stop"), min_df=way.get("min_df", 1), max_df=way.get("max_df", 1.0), max_features=way.get("max_features"),
        sublinear_tf=way.get("sublinear", False), use_idf=way.get("idf", True), smooth_idf=way.get("smooth", True),
        norm=None if norm == "none" else norm,
    )
    texts = [text for _, text in rows]
    if "max_features" in way and is_tied(vectorizer, texts):
        return None
    try:
        features = vectorizer.fit_transform(texts)
    except ValueError:  # no terms are left
        return None
    weights = [(7 * n % 5 + 1) / 2 for n in range(len(rows))] if way.get("weighted") else None
    learner.fit(features, [label for label, _ in rows], sample_weight=weights)
    return {"terms": features.shape[1], "probabilities": learner.predict_proba(vectorizer.transform(texts + queries))[:, 1].tolist()}


def learners():
    """scikit-learn: positive probabilities from TfidfVectorizer and MultinomialNB or ComplementNB, with class_prior and sample_weight.
    The weight of row n is (7n mod 5 + 1) / 2."""
    for way in WAYS:
        prior = [1 - way["prior"], way["prior"]] if "prior" in way else None
        for name, (rows, queries) in SETS.items():
            learner = (ComplementNB if way.get("bayes") == "complement" else MultinomialNB)(alpha=way.get("alpha", 1.0), class_prior=prior)
            found = learned(way, learner, rows, queries)
            if found:
                yield {"way": way, "set": name} | found


def logistic():
    """scikit-learn: TfidfVectorizer and LogisticRegression(solver="newton-cg", tol=1e-12). The solver "newton-cholesky" agrees to 1e-7."""
    base = [{}, {"ngrams": [1, 2], "sublinear": True}, {"analyzer": "char_wb", "ngrams": [3, 5]}]
    for place, (way, c, name) in enumerate(itertools.product(base, (0.1, 1.0, 10.0, 100.0), SETS)):
        way = way | {"c": c} | ({"weighted": True} if place % 2 else {})
        one, other = (learned(way, LogisticRegression(C=c, solver=solver, tol=1e-12, max_iter=10_000), *SETS[name])
                      for solver in ("newton-cg", "newton-cholesky"))
        numpy.testing.assert_allclose(one["probabilities"], other["probabilities"], atol=1e-7)
        yield {"way": way, "set": name} | one


# Scores and labels. Small cases are stored, large ones are drawn from a seed by `drawn`.
SCORED = [
    ([0.5], [1]), ([0.5], [0]), ([0.25, 0.75], [0, 1]), ([0.25, 0.75], [1, 0]), ([0.5, 0.5], [1, 0]), ([0.5] * 9, [1, 0, 0, 0, 1, 0, 0, 1, 0]),
    ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), ([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0]), ([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1]),
    ([0.2, 0.2, 0.7, 0.7], [1, 0, 1, 0]), ([0.2, 0.2, 0.7, 0.7], [0, 0, 1, 1]), ([0.9, 0.8, 0.7], [1, 1, 1]), ([0.9, 0.8, 0.7], [0, 0, 0]),
    ([0.0, 0.0, 1.0, 1.0, 1.0], [0, 1, 0, 1, 1]), ([0.0, 0.25, 0.25, 0.5, 0.5, 0.5, 1.0], [0, 1, 0, 0, 1, 1, 1]),
    ([k / 64 for k in range(64)], [k % 2 for k in range(64)]), ([k / 64 for k in range(64)], [int(k * 37 % 64 > 40 - k % 5) for k in range(64)]),
    ([k / 256 for k in range(200)], [k % 2 for k in range(200)]), ([1 - 2.0**-53, 1 - 2.0**-52, 0.5, 0.25], [1, 0, 1, 0]),
    ([1.0, 1.0, 0.5, 0.25], [0, 0, 1, 0]),
]
SCORED_SEEDS = [
    (1, 200, 0, 0.0, 1.0), (2, 200, 10, 0.0, 1.0), (3, 2000, 100, 0.1, 0.8), (4, 3000, 0, -0.5, 1.2), (5, 3000, 1, 0.3, 0.0), (6, 2000, 2, 0.2, 0.5),
    (7, 1000, 1000, 0.9, -0.8), (8, 4000, 0, -0.95, 1.0), (9, 4000, 0, 0.98, 0.03), (10, 2000, 7, -3.0, 4.0), (11, 1000, 0, -40.0, 80.0),
]


def scored():
    """For each case its JSON fields, scores and labels."""
    for scores, labels in SCORED:
        yield {"scores": scores, "positive": [bool(label) for label in labels]}, numpy.array(scores), numpy.array(labels)
    for seed in SCORED_SEEDS:
        scores, labels = drawn(*seed)
        yield {"drawn": dict(zip(("seed", "rows", "grains", "lean", "slope"), seed))}, numpy.array(scores), numpy.array(labels)


def calibration():
    """scikit-learn: sklearn.calibration._SigmoidCalibration with its minimizer run until it converges. If its line would fall, it is fitted
    on zeros instead. IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip"). Log-odds are 16 (score - 1/2)."""
    queries = numpy.array([-1e3, -30.0, *(k / 4 for k in range(-36, 37, 3)), 30.0, 1e3])
    sklearn.calibration.minimize = functools.partial(minimize_to_the_end, sklearn.calibration.minimize)
    for case, scores, labels in scored():
        odds = 16 * (scores - 0.5)
        at = queries if len(set(scores)) > 1 else odds[:1]  # if all scores are equal, the slope is undefined
        sigmoid = sklearn.calibration._SigmoidCalibration().fit(odds, labels)
        line = sigmoid.predict(at)
        if sigmoid.a_ > 0:
            line = sklearn.calibration._SigmoidCalibration().fit(0 * odds, labels).predict(0 * at)
        isotonic = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(odds, labels)
        yield case | {"asked": at.tolist(), "sigmoid": line.tolist(), "isotonic": isotonic.predict(at).tolist()}


def minimize_to_the_end(minimize, loss, start, **_):
    """Restarts the minimizer at its result until the result no longer changes."""
    found = start
    for _ in range(100):
        before, found = found, minimize(loss, found, method="L-BFGS-B", jac=True, options={"gtol": 1e-13, "ftol": 0.0}).x
        if numpy.abs(found - before).max() < 1e-12:
            break
    return types.SimpleNamespace(x=found)


def thresholds():
    """numpy: tries every score and 1 as the threshold and keeps the best values: the fewest false positives with an F1 at most half a
    standard error below the best F1, the highest recall within a false positive rate, the fewest false positives with a minimum recall, and
    the lowest cost. None if no threshold is within the bound."""
    for case, scores, labels in scored():
        positives, negatives = int(labels.sum()), int((1 - labels).sum())
        if not positives or not negatives:
            continue
        verdicts = [(int((labels * (scores >= at)).sum()), int(((1 - labels) * (scores >= at)).sum())) for at in (*set(scores.tolist()), 1.0)]
        best = lambda values, which: which(values, default=None)
        f1 = lambda tp, fp: 2 * tp / (tp + fp + positives)
        most = max(f1(*found) for found in verdicts)
        _, fp = min((found for found in verdicts if f1(*found) == most), key=sum)
        jaccard = most / (2 - most)
        least = most - 1 / (1 + jaccard) ** 2 * math.sqrt(jaccard * (1 - jaccard) / (fp + positives))
        alarms, missed = min((fp, positives - tp) for tp, fp in verdicts if f1(tp, fp) >= least)
        yield case | {
            "f1": (alarms, f1(positives - missed, alarms)),
            "max_fpr": [(at, best([tp / positives for tp, fp in verdicts if fp / negatives <= at], max)) for at in (0.0, 0.01, 0.07, 0.29, 0.5, 0.57, 1.0)],
            "min_recall": [(at, best([fp for tp, fp in verdicts if tp / positives >= at], min)) for at in (0.0, 0.07, 0.29, 0.5, 0.57, 0.9, 1.0)],
            "cost": [(fp_cost, fn_cost, min(fp_cost * fp + fn_cost * (positives - tp) for tp, fp in verdicts))
                     for fp_cost, fn_cost in ((1.0, 1.0), (10.0, 1.0), (1.0, 10.0), (0.5, 1000.0), (1000.0, 0.25))],
        }


def texts():
    """Made-up labelled rows, and further texts to score."""
    for name, (rows, asked) in SETS.items():
        yield {"name": name, "rows": [{"spam": bool(label), "text": text} for label, text in rows], "asked": asked}


def histograms():
    """Pairs of histograms over the same bins: small and large, with ties, gaps, a single used bin or no common bin."""
    pairs = [
        ([1], [1]), ([1, 0], [0, 1]), ([1, 1], [1, 1]), ([2, 1], [1, 2]), ([5, 0, 5], [5, 0, 5]), ([0, 3, 0, 7, 0], [0, 9, 0, 2, 0]),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]), ([100, 0], [0, 100]), ([0, 0, 4], [9, 0, 0]), ([99, 1], [98, 2]),
        ([0, 5, 0], [0, 7, 0]), ([1, 0, 0], [1, 2, 3]), ([3, 0, 1, 0], [0, 1, 1, 1]), ([10**9, 10**9], [10**9, 10**9 + 50_000]),
        ([10**9, 1], [10**9, 7]), ([10**9, 0, 5], [3, 10**9, 0]), ([10**9, 10**9 - 1], [1, 2]), ([1, 1], [10**9, 10**9]),
        ([123_456_789, 987_654_321, 5], [123_450_000, 987_600_000, 9]), ([1000] * 40, [1010, 990] * 20), ([2500, 2500], [2400, 2600]),
        ([4, 0, 3, 0, 0, 12, 55, 99, 140, 687], [9, 1, 0, 0, 2, 20, 41, 118, 155, 654]), ([0] * 50 + [7], [1] * 50 + [0]),
        ([2**52, 1, 2**52], [2**52, 3, 2**52]),
    ]
    numbers = random.Random(2)
    for bins in (2, 3, 10, 25, 64, 200):
        for shape in (0.7, 3.0):
            pairs.append(tuple([int(numbers.paretovariate(shape)) - 1 + (place == 0) for place in range(bins)] for _ in range(2)))
    return pairs


def kolmogorov():
    """The distance is the largest difference of exact shares. Up to 20,000 rows scipy's ks_2samp(one, other).statistic agrees. The p-value
    is scipy.special.kolmogorov(sqrt(nm / (n + m)) D). ks_2samp's own asymptotic p-value differs, because it uses kstwo."""
    for one, other in histograms():
        n, m = sum(one), sum(other)
        difference = max(abs(a * m - b * n) for a, b in zip(itertools.accumulate(one), itertools.accumulate(other))) / (n * m)
        if n + m <= 20_000:
            values = [numpy.repeat(range(len(counts)), counts) for counts in (one, other)]
            numpy.testing.assert_allclose(difference, ks_2samp(*values).statistic, rtol=1e-12)
        yield {"one": one, "other": other, "distance": difference, "p": float(kolmogorov_tail(math.sqrt(n * m / (n + m)) * difference))}


def kolmogorov_tails():
    """scipy.special.kolmogorov"""
    for z in (0, 5e-324, 1e-9, 0.01, 0.039, 0.0401, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.8199999, 0.82, 0.8200001, 0.83, 0.9,
              1, 1.1, 1.2238478702170823, 1.3580986393225507, 1.6, 2, 2.5, 3, 4, 5, 7, 10, 13, 18, 18.9, 19.5, 30, 1e9, 1e300):
        yield {"z": z, "p": float(kolmogorov_tail(z))}


def chances(table):
    """The probability of a table given its margins, from log-gamma, and the relative probabilities of the tables on either side, from a
    recurrence. All numbers have 40 digits."""
    (a, b), (c, d) = table
    ln = lambda n: mpmath.loggamma(n + 1)
    seen = mpmath.exp(ln(a + b) + ln(c + d) + ln(a + c) + ln(b + d) - ln(a + b + c + d) - ln(a) - ln(b) - ln(c) - ln(d))

    def away(a, b, c, d):
        term, largest = mpmath.mpf(1), mpmath.mpf(1)
        while a and d and term > largest * mpmath.mpf(10) ** -320:
            term *= mpmath.mpf(a * d) / ((b + 1) * (c + 1))
            a, b, c, d = a - 1, b + 1, c + 1, d - 1
            largest = max(largest, term)
            yield term
            if term < largest * mpmath.mpf(10) ** -25 and term < mpmath.mpf(10) ** -25:
                return

    return seen, list(away(a, b, c, d)), list(away(b, a, d, c))


def two_by_two():
    """mpmath with 40 digits: `exact` sums the probabilities of all tables that are not more likely (compared to 30 digits). `upper` sums
    the probabilities of all tables with at least as many rows in the first cell. scipy's fisher_exact and hypergeom.sf agree to 1e-6 up to a million rows. Effects:
    2 asin sqrt p - 2 asin sqrt q, and ln((a + .5)(d + .5) / ((b + .5)(c + .5)))."""
    tables = [
        ((3, 9), (11, 2)), ((1, 0), (0, 1)), ((1, 1), (1, 1)), ((8, 2), (1, 5)), ((0, 5), (5, 0)), ((5, 0), (0, 5)), ((10, 10), (10, 10)),
        ((0, 10), (0, 10)), ((0, 0), (3, 4)), ((2, 8), (8, 2)), ((3, 7), (4, 6)), ((4, 6), (3, 7)), ((1, 9), (2, 8)), ((12, 5), (29, 2)),
        ((0, 1), (0, 0)), ((100, 2), (1000, 5)), ((2, 7), (8, 2)), ((5, 1), (10, 10)), ((5, 15), (20, 20)), ((5, 16), (16, 25)), ((10, 5), (10, 1)),
        ((10, 5), (10, 0)), ((5, 0), (1, 4)), ((0, 5), (1, 4)), ((5, 1), (0, 4)), ((0, 1), (3, 2)), ((200, 7), (8, 300)), ((28, 21), (6, 1957)),
        ((190, 800), (200, 900)), ((120, 4000), (90, 5000)), ((1, 1_000_000), (9, 900_000)), ((0, 1_000_000), (30, 1_000_000)),
        ((500, 500), (500, 500)), ((500, 500), (501, 499)), ((499, 501), (501, 499)), ((500_000, 500_000), (501_000, 499_000)),
        ((5000, 5000), (4000, 6000)), ((10_000, 90_000), (1_000, 9_050)), ((250_000_000, 250_000_000), (250_010_000, 249_990_000)),
        ((10**9 // 2 - 100, 10), (10**9 // 2 - 90, 40)), ((1, 10**9 - 20), (3, 16)), ((300_000_000, 200_000_000), (300_050_000, 199_950_000)),
        ((1_000, 499_999_000), (1_200, 499_998_800)), ((100_000, 400_000_000), (110_000, 500_000_000)), ((0, 10**9), (40, 10**9)), ((7, 0), (10**9, 10**9)),
        ((20, 10**6), (30, 10**6)), ((30, 10**6), (20, 10**6)),
    ]
    with mpmath.workdps(40):
        for table in tables:
            (a, b), (c, d) = table
            seen, fewer, more = chances(table)
            exact = upper = mpmath.mpf(1)
            if min(a + b, c + d, a + c, b + d):
                extreme = 1 + mpmath.mpf(10) ** -30
                likelier = [term for term in fewer + more if term > extreme]
                exact = seen * (1 + mpmath.fsum(term for term in fewer + more if term <= extreme)) if likelier else mpmath.mpf(1)
                upper = seen * (1 + mpmath.fsum(more)) if sum(more) < 1 / seen / 2 else 1 - seen * mpmath.fsum(fewer)
                if a + b + c + d <= 10**6:
                    numpy.testing.assert_allclose(float(exact), fisher_exact(table).pvalue, rtol=1e-6)
                    numpy.testing.assert_allclose(float(upper), hypergeom(a + b + c + d, a + c, a + b).sf(a - 1), rtol=1e-6)
            angle = lambda part, total: 2 * mpmath.asin(mpmath.sqrt(mpmath.mpf(part) / total)) if total else mpmath.mpf(0)
            odds = mpmath.log(mpmath.mpf((2 * a + 1) * (2 * d + 1)) / ((2 * b + 1) * (2 * c + 1)))
            yield {"table": table, "exact": float(exact), "upper": float(upper), "log_odds": float(odds),
                   "cohens_h": float(angle(a, a + b) - angle(c, c + d)) if min(a + b, c + d) else 0.0}


def welch():
    """scipy: ttest_ind_from_stats(equal_var=False). The standard deviations are the roots of the variances."""
    samples = [
        ((2, 0.0, 1.0), (2, 1.0, 1.0)), ((3, 5.0, 13.0), (4, 2.0, 1.0)), ((2, 1.0, 0.0), (5, 2.0, 3.0)), ((10, 0.0, 1.0), (10, 0.0, 1.0)),
        ((10, 1.0, 2.0), (1000, 1.1, 2.0)), ((10, 1.0, 2.0), (1000, 9.0, 2.0)), ((100, -3.0, 1e-9), (100, -3.00001, 1e-9)),
        ((100, 0.5, 0.04), (5000, 0.48, 0.05)), ((5000, 0.5, 0.04), (5000, 0.48, 0.05)), ((50_000, 0.5, 0.04), (50_000, 0.48, 0.05)),
        ((2, 0.0, 1e100), (3, 1e50, 1e99)), ((2, 0.0, 1e-100), (3, 1e-50, 1e-99)), ((10**6, 1.0, 1.0), (10**6, 1.001, 1.0)),
        ((10**6, 1.0, 1.0), (10**6, 1.01, 4.0)), ((10**9, 1.0, 1.0), (10**9, 1.00001, 1.0)), ((10**9, 1.0, 1.0), (10**9, 1.0001, 1.0)),
        ((10**9, 1.0, 1.0), (2, 5.0, 1.0)), ((3, 1e6, 4.0), (4, 1e6 + 20, 5.0)), ((2, 0.0, 1.0), (2, 1e6, 1.0)), ((30, 0.0, 1.0), (40, 30.0, 1.0)),
        ((300, 0.0, 1.0), (400, 5.0, 1.0)), ((7, 0.1, 0.2), (9, 0.1, 0.3)), ((10**7, 0.0, 1.0), (10**7, 1e-9, 1.0)), ((64, 1.0, 1.0), (64, 1.5, 100.0)),
    ]
    for one, other in samples:
        deviation = lambda sample: (sample[1], math.sqrt(sample[2]), sample[0])
        found = ttest_ind_from_stats(*deviation(one), *deviation(other), equal_var=False)
        parts = [variance / n for n, _, variance in (one, other)]
        shares = [part / sum(parts) for part in parts]
        freedom = 1 / sum(share**2 / (sample[0] - 1) for share, sample in zip(shares, (one, other)))
        yield {"one": one, "other": other, "statistic": float(found.statistic), "freedom": freedom, "p": float(found.pvalue)}


def corrections():
    """statsmodels: adjusted p-values of multipletests(p, method="holm") and multipletests(p, method="fdr_bh")."""
    numbers = random.Random(3)
    lists = [
        [0.5], [0.0], [1.0], [0.01, 0.04], [0.04, 0.01], [0.01, 0.01], [0.05] * 5, [0.0, 0.0, 1.0, 1.0], [0.01, 0.02, 0.03, 0.04, 0.05],
        [0.05, 0.04, 0.03, 0.02, 0.01], [1e-300, 0.5, 1e-200], [1e-12, 0.3, 0.3, 0.9, 1e-12], [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216],
        [0.9, 0.8, 0.99, 1.0], [0.02, 0.5, 0.02, 0.5, 0.02],
    ]
    lists += [[numbers.random() ** power for _ in range(length)] for length in (2, 7, 20, 100) for power in (1, 4)]
    lists += [[round(numbers.random() ** 3, 1) for _ in range(50)], [numbers.random() ** 40 for _ in range(1000)]]
    for p in lists:
        adjusted = lambda method: multipletests(p, method=method)[1].tolist()
        yield {"p": p, "holm": adjusted("holm"), "benjamini_hochberg": adjusted("fdr_bh")}


def mann_whitney():
    """mpmath with 40 digits: U / nm and the p-value with continuity correction. Up to 20,000 rows scipy's
    mannwhitneyu(other, one, method="asymptotic", use_continuity=True) and sklearn's roc_auc_score agree to 1e-9."""
    for one, other in histograms():
        n, m = sum(one), sum(other)
        twice, below = 0, 0
        for a, b in zip(one, other):
            twice += b * (2 * below + a)
            below += a
        with mpmath.workdps(40):
            variance = mpmath.mpf(n * m) / 12 * ((n + m + 1) - mpmath.mpf(sum((a + b) ** 3 - a - b for a, b in zip(one, other))) / ((n + m) * (n + m - 1)))
            z = (mpmath.mpf(abs(twice - n * m)) - 1) / 2 / mpmath.sqrt(variance) if variance else mpmath.mpf(-1)
            auc, p = float(mpmath.mpf(twice) / (2 * n * m)), float(min(1, mpmath.erfc(z / mpmath.sqrt(2))))
        if n + m <= 20_000:
            values = [numpy.repeat(range(len(counts)), counts) for counts in (other, one)]
            found = mannwhitneyu(*values, method="asymptotic", use_continuity=True)
            numpy.testing.assert_allclose([auc, p], [found.statistic / n / m, found.pvalue], rtol=1e-9, atol=1e-300)
            numpy.testing.assert_allclose(auc, roc_auc_score([1] * m + [0] * n, numpy.concatenate(values)), rtol=1e-9)
        yield {"one": one, "other": other, "auc": auc, "p": p}


def divergence():
    """mpmath with 40 digits, because nearly equal shares cancel. PSI: sum((p - q) ln(p / q)) with half a row added to each bin that is not
    empty in both. Jensen-Shannon: the root of the divergence to base 2. Wasserstein: the area between the distribution functions, with
    bins at i + i^2 / 10. The debiased values subtract the mean without drift. scipy's spatial.distance.jensenshannon(p, q, 2) and
    stats.wasserstein_distance agree to 1e-6 up to a million rows."""
    root = lambda number: mpmath.sqrt(max(mpmath.mpf(0), number))
    for one, other in histograms():
        with mpmath.workdps(40):
            n, m, at = mpmath.mpf(sum(one)), mpmath.mpf(sum(other)), [i + i * i / 10 for i in range(len(one))]
            used = [(mpmath.mpf(a), mpmath.mpf(b)) for a, b in zip(one, other) if a + b]
            k, rate = len(used), 1 / n + 1 / m
            shares = [((a + 0.5) / (n + k / 2), (b + 0.5) / (m + k / 2)) for a, b in used]
            index = mpmath.fsum((p - q) * mpmath.log(p / q) for p, q in shares)
            bits = lambda p, q: p * mpmath.log(2 * p / (p + q), 2) if p else mpmath.mpf(0)
            square = mpmath.fsum((bits(a / n, b / m) + bits(b / m, a / n)) / 2 for a, b in used)
            widths = [mpmath.mpf(right) - mpmath.mpf(left) for left, right in zip(at, at[1:])]
            below = list(zip(itertools.accumulate(one), itertools.accumulate(other)))
            moved = mpmath.fsum(width * abs(a / n - b / m) for width, (a, b) in zip(widths, below))
            spread = mpmath.fsum(width * mpmath.sqrt((a + b) / (n + m) * (n + m - a - b) / (n + m)) for width, (a, b) in zip(widths, below))
            debiased = {"stability_index": max(0, index - (k - 1) * rate), "jensen_shannon": root(square - (k - 1) * rate / (8 * mpmath.log(2))),
                        "wasserstein": max(0, moved - mpmath.sqrt(2 * rate / mpmath.pi) * spread)}
            value = {"stability_index": index, "jensen_shannon": root(square), "wasserstein": moved}
        if n + m <= 10**6:
            by_scipy = [jensenshannon(one, other, 2), wasserstein_distance(at, at, one, other)]
            numpy.testing.assert_allclose([float(value["jensen_shannon"]), float(moved)], by_scipy, rtol=1e-6, atol=1e-7)
        numbers = lambda these: {name: float(number) for name, number in these.items()}
        yield {"one": one, "other": other, "value": numbers(value), "debiased": numbers(debiased)}


def label_shift():
    """(q - FPR) / (TPR - FPR) and its standard error. The slopes are central differences with 40 digits (mpmath). None if
    TPR - FPR < 0.2."""
    cases = [
        (30, 100, 90, 5, 95, 10), (0, 100, 90, 5, 95, 10), (100, 100, 90, 5, 95, 10), (5, 100, 90, 5, 95, 10), (90, 100, 90, 5, 95, 10), (1, 1, 1, 0, 1, 0),
        (0, 1, 1, 0, 1, 0), (13, 100, 20, 1, 180, 6), (130, 1000, 20, 1, 180, 6), (1300, 10**4, 690, 3, 4822, 57), (400, 10**4, 690, 3, 4822, 57),
        (10**9, 10**10, 690, 3, 4822, 57), (13, 100, 2, 0, 8, 8), (13, 100, 20, 10, 90, 80), (13, 100, 29, 10, 90, 71), (13, 100, 31, 10, 90, 69), (50, 100, 0, 1, 99, 7),
        (3, 7, 10**9, 10**8, 10**9, 10**7), (333_333_333, 10**9, 10**9, 10**8, 10**9, 10**7), (500, 1000, 500, 0, 500, 0), (123, 1000, 47, 12, 933, 4), (700, 1000, 47, 12, 933, 4),
        (20, 1000, 47, 22, 923, 4), (3, 10, 1, 0, 1, 1), (2, 10, 3, 1, 3, 1),
    ]
    for taken, rows, tp, fp, tn, fn in cases:
        share = error = None
        with mpmath.workdps(40):
            rates = [(mpmath.mpf(part) / total, total) for part, total in ((taken, rows), (tp, tp + fn), (fp, fp + tn))]
            if rates[1][0] - rates[2][0] >= mpmath.mpf("0.2"):
                solve = lambda q, found, false: (q - false) / (found - false)
                values, step = [rate for rate, _ in rates], mpmath.mpf(10) ** -12
                moved = lambda place, by: solve(*[value + by * (place == other) for other, value in enumerate(values)])
                slopes = [(moved(place, step) - moved(place, -step)) / (2 * step) for place in range(3)]
                variance = mpmath.fsum(slope**2 * rate * (1 - rate) / total for slope, (rate, total) in zip(slopes, rates))
                share, error = float(min(1, max(0, solve(*values)))), float(mpmath.sqrt(variance))
        yield {"taken": taken, "rows": rows, "reference": {"true_positive": tp, "false_positive": fp, "true_negative": tn, "false_negative": fn},
               "share": share, "error": error}


def poisson_binomial():
    """scipy: poisson_binom(chances).cdf(most). With an uncertain factor: scipy.integrate.quad over gamma(shape, scale=factor / shape)."""
    draws = random.Random(5)
    for rows, power, most, factor, shape in [
        (1, 1, 0, 0.5, 5.5), (1, 1, 1, 0.5, 5.5), (2, 1, 0, 1.0, 3.5), (5, 1, 2, 0.5, 10.5), (10, 3, 0, 0.5, 10.5), (10, 3, 3, 1.0, 10.5), (30, 1, 10, 0.5, 30.5), (30, 1, 15, 1.0, 300.5),
        (100, 8, 0, 0.5, 8.5), (100, 8, 3, 0.5, 8.5), (100, 8, 9, 1.0, 30.5), (100, 1, 30, 0.5, 30.5), (300, 12, 0, 0.5, 30.5), (300, 12, 5, 0.5, 30.5), (300, 12, 20, 0.5, 60.5), (300, 2, 80, 1.0, 60.5),
        (1000, 20, 0, 0.5, 30.5), (1000, 20, 4, 0.5, 30.5), (1000, 20, 12, 0.5, 30.5), (1000, 20, 40, 1.0, 100.5), (1000, 5, 100, 0.5, 200.5), (2000, 30, 10, 0.5, 60.5), (2000, 30, 25, 0.5, 1.5),
    ]:
        chances = [round(draws.random() ** power, 6) for _ in range(rows)]
        cdf = lambda scale: float(poisson_binom([min(1.0, scale * chance) for chance in chances]).cdf(most))
        prior = gamma(shape, scale=factor / shape)
        cuts = [float(cut) for cut in prior.ppf([1e-12, 1e-6, 1e-3, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1 - 1e-9])]
        error = sum(quad(lambda scale: prior.pdf(scale) * cdf(scale), low, high, epsabs=0, epsrel=1e-8)[0] for low, high in zip([0.0, *cuts], cuts))
        yield {"chances": chances, "most": most, "tail": cdf(1.0), "factor": factor, "shape": shape, "with_error": error}


def mcnemar_mid_p():
    """statsmodels: mcnemar([[0, one], [other, 0]], exact=True) minus scipy's binom.pmf(one, one + other, .5), or minus half of it if one
    equals other."""
    pairs = [
        (0, 0), (0, 1), (1, 0), (1, 1), (0, 5), (5, 0), (0, 6), (2, 8), (8, 2), (3, 3), (10, 10), (4, 5), (12, 30), (30, 12), (100, 100), (100, 140), (1000, 1000),
        (1000, 1100), (5000, 5001), (0, 1000), (49_000, 51_000), (50_000, 50_000), (20, 1), (15, 16), (16, 18), (16, 25), (17, 40), (23, 25),
    ]
    for one, other in pairs:
        itself = binom.pmf(one, one + other, 0.5) / (2 if one == other else 1)
        p = float(mcnemar([[0, one], [other, 0]], exact=True).pvalue - itself) if one + other else 1.0
        yield {"only_one": one, "only_other": other, "p": p}


def newcombe():
    """statsmodels: confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff")"""
    for a, n, b, m in [
        (56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29), (0, 10, 0, 20), (0, 10, 0, 10), (10, 10, 0, 20), (10, 10, 0, 10), (1, 1, 0, 1), (0, 1, 1, 1), (1, 2, 1, 2),
        (50, 100, 50, 100), (690, 747, 700, 747), (3, 4827, 9, 4827), (10**6, 2 * 10**6, 10**6 + 900, 2 * 10**6), (10**9, 3 * 10**9, 7, 20), (1, 10**9, 3, 10**9), (999, 1000, 1000, 1000),
        (13, 100, 130, 1000), (0, 5000, 1, 3), (12, 12, 13, 13), (333, 1000, 1, 3),
    ]:
        yield {"counts": [a, n, b, m], "interval": [float(bound) for bound in confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff")]}


def newcombe_paired():
    """Method 10 of Newcombe (1998), "Improved confidence intervals for the difference between binomial proportions based on paired data",
    Statistics in Medicine 17, 2635-2650, with Wilson bounds from statsmodels. The difference is the first share minus the second share.
    R's biostatUZH::confIntPairedProportion has the same formula; its code was read, not run."""
    for e, f, g, h in [
        (36, 12, 2, 0), (36, 14, 0, 0), (2, 97, 1, 0), (1, 97, 1, 1), (0, 29, 0, 1), (0, 30, 0, 0), (54, 0, 0, 0), (0, 0, 0, 54), (0, 0, 7, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1),
        (1, 1, 1, 1), (10, 10, 10, 10), (10, 2, 2, 10), (2, 10, 10, 2), (20, 9, 6, 15), (20, 6, 9, 15), (690, 9, 22, 26), (4800, 12, 5, 3), (10**6, 900, 1000, 10**6), (10**9, 30, 50, 10**9), (53, 2, 0, 1),
        (30, 12, 14, 8),
    ]:
        n, one, other = e + f + g + h, e + f, e + g
        (low, high), (other_low, other_high) = wilson(one, n), wilson(other, n)
        product, agreement = one * (n - one) * other * (n - other), e * h - f * g
        correlation = (max(agreement - n / 2, 0) if agreement > 0 else agreement) / math.sqrt(product) if product else 0
        bound = lambda up, down: math.sqrt(up**2 - 2 * correlation * up * down + down**2)
        difference = (f - g) / n
        yield {"counts": [e, f, g, h], "interval": [difference - bound(one / n - low, other_high - other / n), difference + bound(high - one / n, other / n - other_low)]}


def paired_areas():
    """DeLong, DeLong and Clarke-Pearson (1988) from a comparison of every pair, with numpy.cov for the variance of the difference of the
    structural components, and scipy's norm.sf. Rows are `drawn`. The challenger's score is the mean of the champion's score and the score
    drawn from the other seed, rounded down to 1 / grains again."""
    seeds = [
        ((1, 200, 0, 0.0, 1.0), 101, 0), ((2, 200, 10, 0.0, 1.0), 102, 10), ((3, 2000, 100, 0.1, 0.8), 103, 7), ((4, 1000, 0, -0.5, 1.2), 104, 0), ((5, 1000, 1, 0.3, 0.0), 105, 3),
        ((6, 500, 2, 0.2, 0.5), 106, 2), ((7, 1000, 1000, 0.9, -0.8), 107, 64), ((8, 2000, 0, -0.95, 1.0), 108, 0), ((9, 2000, 0, 0.98, 0.03), 109, 0), ((10, 1000, 7, -3.0, 4.0), 110, 5),
        ((11, 1000, 0, -40.0, 80.0), 111, 0), ((12, 1000, 0, 0.5, 0.0), 112, 0), ((13, 10, 0, 0.0, 1.0), 113, 0), ((14, 12, 3, 0.0, 1.0), 114, 3), ((15, 20, 0, 0.0, 1.0), 115, 4),
        ((16, 1000, 1, 0.5, 0.0), 116, 1), ((17, 3000, 0, -0.3, 1.0), 117, 50), ((18, 50, 5, 0.0, 1.0), 118, 0), ((19, 100, 0, 0.3, 0.3), 119, 100), ((20, 3000, 20, -0.8, 1.0), 120, 0),
        ((21, 30, 2, 0.2, 0.5), 121, 2), ((22, 400, 0, 1.5, -2.0), 122, 0),
    ]
    for seed, other_seed, grains in seeds:
        scores, labels = (numpy.array(column) for column in drawn(*seed))
        others = (scores + numpy.array(drawn(other_seed, *seed[1:])[0])) / 2
        others = numpy.floor(others * grains) / grains if grains else others
        parts = []
        for these in (scores, others):
            positive, negative = these[labels == 1][:, None], these[labels == 0][None, :]
            ahead = (positive > negative) + 0.5 * (positive == negative)
            parts.append((ahead.mean(axis=1), ahead.mean(axis=0)))
        (one, of_negatives), (two, two_of_negatives) = parts
        variance = sum(numpy.array([1, -1]) @ numpy.cov(left, right) @ numpy.array([1, -1]) / len(left) for left, right in ((one, two), (of_negatives, two_of_negatives)))
        difference = float(two.mean() - one.mean())
        same = abs(difference) < 1e-12 and variance < 1e-20
        numpy.testing.assert_allclose([one.mean(), two.mean()], [roc_auc_score(labels, scores), roc_auc_score(labels, others)], rtol=1e-9)
        yield {"drawn": dict(zip(("seed", "rows", "grains", "lean", "slope"), seed)), "other_seed": other_seed, "grains": grains, "champion": float(one.mean()),
               "challenger": float(two.mean()), "difference": difference, "variance": float(variance), "p": 1.0 if same else float(2 * norm.sf(abs(difference) / math.sqrt(variance)))}


def bootstrap():
    """numpy: 20,000 bootstrap samples of rows, drawn row by row, or with numpy's multinomial from 10,000 rows on. The results are the
    percentiles 2.5 and 97.5 and the standard deviation of the F1 difference (challenger minus champion). Cells count positive rows, then
    negative rows: predicted positive by both models, only the champion, only the challenger, and neither model."""
    numbers = numpy.random.default_rng(7)
    tables = [
        (80, 5, 9, 6, 2, 3, 1, 894), (10, 2, 3, 5, 1, 1, 2, 76), (690, 9, 22, 26, 2, 1, 3, 4821), (50, 0, 0, 0, 0, 0, 0, 50), (40, 10, 0, 0, 0, 0, 0, 50), (0, 0, 40, 10, 0, 0, 0, 50), (100, 3, 2, 5, 9, 0, 0, 881),
        (1, 1, 1, 1, 1, 1, 1, 1), (3, 1, 0, 2, 0, 1, 2, 11), (200, 20, 20, 60, 30, 10, 10, 650), (500, 50, 80, 20, 5, 5, 5, 335), (130, 6, 6, 8, 4, 4, 4, 838), (20, 1, 9, 2, 0, 3, 0, 165), (700, 30, 35, 235, 10, 20, 25, 945),
        (6900, 90, 220, 260, 20, 10, 30, 48_210), (10**6, 10**3, 2 * 10**3, 10**5, 500, 700, 900, 10**7), (10**8, 10**5, 2 * 10**5, 10**7, 5 * 10**4, 7 * 10**4, 9 * 10**4, 7 * 10**8), (0, 30, 20, 50, 5, 5, 5, 885),
        (90, 0, 0, 10, 0, 8, 0, 892), (90, 0, 0, 10, 0, 0, 8, 892), (333, 17, 19, 31, 7, 5, 11, 1577),
    ]
    for cells in tables:
        rows, parts = sum(cells), []
        for _ in range(20):
            if rows < 10_000:
                drawn_rows = numpy.repeat(range(8), cells)[numbers.integers(rows, size=(1000, rows))]
                parts.append(numpy.stack([(drawn_rows == cell).sum(axis=1) for cell in range(8)]))
            else:
                parts.append(numbers.multinomial(rows, numpy.array(cells) / rows, size=1000).T)
        a, b, c, d, e, f, g, _ = numpy.concatenate(parts, axis=1).astype(float)
        f1 = lambda found, missed, false: numpy.where(found > 0, 2 * found / numpy.maximum(1, 2 * found + missed + false), 0)
        difference = f1(a + c, b + d, e + g) - f1(a + b, c + d, e + f)
        yield {"cells": cells, "interval": numpy.percentile(difference, [2.5, 97.5]).tolist(), "error": float(difference.std())}


def sequential():
    """mpmath with 40 digits: ln 2 + ln B(a + b, a + c) - ln B(a, a) + (b + c) ln 2 + ln(1 - I_1/2(a + b, a + c)) with a = 1/2, b wins, c
    losses, and I from its series. scipy's betaln and betainc agree to 1e-9 up to 1000 wins and losses if ln(1 - I) > -7."""
    pairs = [
        (0, 0), (1, 0), (0, 1), (1, 1), (5, 0), (0, 5), (10, 2), (2, 10), (8, 3), (15, 5), (5, 15), (30, 30), (31, 30), (30, 31), (100, 60), (60, 100), (1000, 0), (0, 1000), (1000, 900), (900, 1000),
        (5000, 5001), (10**5, 10**5), (10**5 + 1500, 10**5), (10**5, 10**5 + 1500), (10**6, 1), (1, 10**6), (10**9, 10**9 + 7), (10**9 + 200_000, 10**9), (10**9, 10**9 + 200_000), (3, 1), (7, 1),
    ]
    for wins, losses in pairs:
        with mpmath.workdps(40):
            x, y = mpmath.mpf(wins) + 0.5, mpmath.mpf(losses) + 0.5
            ln_beta = mpmath.loggamma(x) + mpmath.loggamma(y) - mpmath.loggamma(x + y)
            # I_1/2(p, q) = 2^-(p + q) / (p B) sum of prod (p + q + j) / (p + 1 + j) / 2, over all j
            p, q = max(x, y), min(x, y)
            term = total = mpmath.mpf(1)
            while term > total * mpmath.mpf(10) ** -25:
                p += 1
                term *= (max(x, y) + q + (p - max(x, y)) - 1) / p / 2
                total += term
            ln_small = -(x + y) * mpmath.log(2) - mpmath.log(max(x, y)) - ln_beta + mpmath.log(total)
            ln_over = ln_small if x < y else mpmath.log1p(-mpmath.exp(ln_small))
            ln_e = float(mpmath.log(2) + ln_beta - mpmath.log(mpmath.pi) + (wins + losses) * mpmath.log(2) + ln_over)
        if max(wins, losses) <= 1000 and ln_over > -7:
            over = 1 - betainc(wins + 0.5, losses + 0.5, 0.5)
            by_scipy = math.log(2) + betaln(wins + 0.5, losses + 0.5) - betaln(0.5, 0.5) + (wins + losses) * math.log(2) + math.log(over)
            numpy.testing.assert_allclose(ln_e, by_scipy, rtol=1e-9, atol=1e-9)
        yield {"wins": wins, "losses": losses, "ln_evidence": ln_e}


def paired_power():
    """scipy: brentq finds the difference d that has the power of Connor (1987), norm.cdf((d sqrt n - norm.isf(level / 2) sqrt s) /
    sqrt(s - d^2)), where s is the share of rows that only one of the two models gets right. None if no difference up to s has this power."""
    for rows, share, (level, chance) in itertools.product((30, 200, 5000, 10**9), (1.0, 0.3, 0.04, 0.001), ((0.05, 0.5), (0.05, 0.8), (0.001, 0.95))):
        critical, found = norm.isf(level / 2), None
        lacks = lambda d: d * math.sqrt(rows) - critical * math.sqrt(share) - norm.ppf(chance) * math.sqrt(share - d * d)
        most = min(share, math.sqrt(share))
        if lacks(most) >= 0:
            found = float(brentq(lacks, 0, most, xtol=1e-300, rtol=1e-14))
        yield {"rows": rows, "share": share, "level": level, "power": chance, "difference": found}


def conformal():
    """numpy: (1 + (past >= now).sum()) / (len(past) + 1)"""
    numbers = random.Random(4)
    cases = [(0.5, []), (0.5, [0.5]), (0.5, [0.4]), (0.5, [0.6]), (1.0, [1.0] * 19), (1.1, [1.0] * 19), (0.0, [0.0, 0.1, 0.2]), (-1.0, [-2.0, 0.0]), (1e300, [1e299, 1e301]),
             (5e-324, [0.0, 5e-324])]
    cases += [(numbers.random(), [round(numbers.random(), digits) for _ in range(length)]) for length in (5, 19, 20, 64) for digits in (1, 2, 9)]
    for now, past in cases:
        yield {"now": now, "past": past, "p": float((1 + (numpy.array(past) >= now).sum()) / (len(past) + 1))}


def power():
    """scipy: the distance is special.kolmogi(level) / sqrt(nm / (n + m)). The share is (norm.isf(level / 2) + norm.ppf(power))
    sqrt(1 / n + 1 / m); statsmodels' NormalIndPower().power(alternative="larger") at half the level confirms it. The mean uses
    sqrt(v / n + w / m) instead. None if the effect is impossible."""
    sizes = [(1, 1), (2, 3), (20, 20), (100, 50), (500, 100), (5000, 100), (5000, 5000), (50_000, 700), (10**9, 3), (10**9, 10**9), (10**12, 64)]
    for (n, m), (level, chance) in itertools.product(sizes, [(0.05, 0.5), (0.05, 0.8), (0.001, 0.9), (0.2, 0.3)]):
        most = lambda effect, bound: float(effect) if effect <= bound else None
        errors = norm.isf(level / 2) + norm.ppf(chance)
        share = errors * math.sqrt(1 / n + 1 / m)
        seen = NormalIndPower().power(share, n, level / 2, ratio=m / n, alternative="larger")
        numpy.testing.assert_allclose(seen, chance, rtol=1e-9)
        yield {"n": n, "m": m, "level": level, "power": chance, "share": most(share, math.pi), "mean": errors * math.sqrt(4.0 / n + 9.0 / m),
               "distance": most(kolmogi(level) / math.sqrt(n * m / (n + m)), 1)}


def figures(truth, taken):
    """Accuracy, precision, recall and F1 of label vectors, or 0 for a division by 0."""
    found, positives = (truth * taken).sum(axis=-1), truth.sum(axis=-1)
    over = lambda part, total: numpy.divide(part, total, out=numpy.zeros(numpy.shape(found)), where=numpy.broadcast_to(total > 0, numpy.shape(found)))
    return {"accuracy": (truth == taken).mean(axis=-1), "precision": over(found, taken.sum()), "recall": over(found, positives),
            "f1": over(2.0 * found, taken.sum() + positives)}


def estimated_performance():
    """nannyml: estimate_accuracy, estimate_precision, estimate_recall and estimate_f1. For a division by 0 they return 0, but the case has
    null. numpy: standard errors from the delta method. `exact` is the standard deviation over label vectors: up to 16 rows,
    all vectors weighted by their probability; up to 2000 rows, 40,000 drawn vectors. A score at or above the threshold is positive."""
    from nannyml.performance_estimation.confidence_based import metrics as cbpe

    numbers = random.Random(5)
    rows = [([0.5], 0.5), ([0.5], 0.6), ([0.0], 0.5), ([1.0], 0.5), ([0.0, 1.0], 0.5), ([0.9, 0.1], 0.5), ([0.9, 0.8, 0.3, 0.2, 0.05], 0.5), ([0.2] * 9, 0.1), ([0.2] * 9, 0.3),
            ([1e-9, 1 - 1e-9, 0.5], 0.4), ([0.6, 0.6, 0.6, 0.4, 0.4, 0.4], 0.5)]
    rows += [([numbers.betavariate(0.3, 0.7) for _ in range(length)], 0.5) for length in (8, 12, 14, 16, 16, 16)]
    rows += [([min(1.0, max(0.0, numbers.gauss(0.85 if n % 3 == 0 else 0.12, 0.08))) for n in range(16)], at) for at in (0.3, 0.5, 0.9)]
    cases = [({"scores": scores, "threshold": at}, numpy.array(scores), at) for scores, at in rows]
    names = ("seed", "rows", "grains", "lean", "slope")
    for seed in [(1, 200, 0, 0.0, 0.0), (2, 2000, 100, 0.0, 0.0), (3, 5000, 0, 0.0, 0.0), (4, 20_000, 1000, 0.0, 0.0)]:
        for at in (0.1, 0.5, 0.95):
            cases.append(({"drawn": dict(zip(names, seed)), "threshold": at}, numpy.array(drawn(*seed)[0]), at))
    for case, p, at in cases:
        taken = (p >= at).astype(int)
        found = {"accuracy": cbpe.estimate_accuracy(taken, p), "precision": cbpe.estimate_precision(taken, p), "recall": cbpe.estimate_recall(taken, p),
                 "f1": cbpe.estimate_f1(taken, p)}
        positives, inside = p.sum(), (p * taken).sum()
        slopes = {"accuracy": (2 * taken - 1) / len(p), "precision": taken / max(1, taken.sum())}
        with numpy.errstate(all="ignore"):
            slopes["recall"] = (taken * positives - inside) / positives**2
            total = taken.sum() + positives
            slopes["f1"] = (2 * taken * total - 2 * inside) / total**2
        defined = {"accuracy": True, "precision": taken.any(), "recall": positives > 0, "f1": taken.any() or positives > 0}
        errors = {name: math.sqrt((slope**2 * p * (1 - p)).sum()) if defined[name] else None for name, slope in slopes.items()}
        exact = None
        if len(p) <= 16:
            truth = (numpy.arange(2 ** len(p))[:, None] >> numpy.arange(len(p))) & 1
            chance = numpy.prod(numpy.where(truth, p, 1 - p), axis=1)
            exact = {name: math.sqrt(chance @ (values - chance @ values) ** 2) for name, values in figures(truth, taken).items()}
        elif len(p) <= 2000:
            numbers = numpy.random.default_rng(6)
            parts = [figures((numbers.random((2000, len(p))) < p).astype(int), taken) for _ in range(20)]
            exact = {name: float(numpy.concatenate([part[name] for part in parts]).std()) for name in found}
        yield case | {"rows": len(p), "value": {name: float(value) if defined[name] else None for name, value in found.items()}, "error": errors, "exact": exact}


warnings.simplefilter("ignore")
MAKES = (
    confusion, verdicts, ranking, homogeneity, mcnemar_exact, prior_shift, texts, learners, logistic, calibration, thresholds, kolmogorov,
    kolmogorov_tails, two_by_two, welch, corrections, mann_whitney, divergence, label_shift, conformal, power, estimated_performance,
    mcnemar_mid_p, newcombe, newcombe_paired, paired_areas, bootstrap, sequential, paired_power, poisson_binomial,
)
for make in MAKES:
    if sys.argv[1:] and make.__name__ not in sys.argv[1:]:
        continue
    versions = VERSIONS | {name: importlib.metadata.version(name) for name in ("mpmath", "nannyml") if name in make.__doc__}
    golden = {"made_by": "tests/golden/make.py", "what": make.__doc__, "versions": versions, "cases": list(make())}
    lines = [json.dumps(case, ensure_ascii=False) for case in golden.pop("cases")]
    head = json.dumps(golden, ensure_ascii=False)[:-1]
    (HERE / f"{make.__name__}.json").write_text(head + ', "cases": [\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")
