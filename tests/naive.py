"""Slow, obvious versions of what the library computes fast: the oracles of the tests."""

from __future__ import annotations

import itertools
import math

import numpy as np


def lift(values, rows, window, stride, fill):
    """Point by point: the mean over all grid windows that cover it; else the window that ends the series; else fill."""
    starts = [start for start in range(0, rows, stride) if start + window <= rows]
    points = []
    for point in range(rows):
        covering = [values[index] for index, start in enumerate(starts) if start <= point < start + window]
        if covering:
            points.append(sum(covering) / len(covering))
        elif starts:
            points.append(values[len(starts)])
        else:
            points.append(fill)
    return np.array(points)


def autocorrelation(values, lags):
    """Products of a detrended series with its own past, lag by lag."""
    time = np.arange(len(values))
    centred = values - np.polyval(np.polyfit(time, values, 1), time)
    products = [np.mean(centred[lag:] * centred[: len(centred) - lag]) for lag in range(lags + 1)]
    return np.array(products) / products[0]


def carry_forward(rows, first):
    """Row by row, value by value."""
    last = list(first)
    filled = []
    for row in rows:
        last = [value if math.isfinite(value) else old for value, old in zip(row, last, strict=True)]
        filled.append(list(last))
    return np.array(filled).reshape(len(rows), len(first))


def cosine(one, two):
    """Cosine of two vectors; 0 where one has no length."""
    lengths = math.sqrt(sum(a * a for a in one)) * math.sqrt(sum(b * b for b in two))
    return sum(a * b for a, b in zip(one, two, strict=True)) / lengths if lengths else 0.0


def power_mean(values, power):
    return (sum(value**power for value in values) / len(values)) ** (1 / power)


def distillation(teacher, student):
    """The log form, row by row: d for the first third, -log(1 - exp(-d) + 1e-6) for the rest."""
    rows = len(teacher)
    terms = []
    for index in range(rows):
        distance = math.sqrt(sum((a - b) ** 2 for a, b in zip(teacher[index], student[index], strict=True)))
        terms.append(distance if index < rows // 3 else -math.log(-math.expm1(-distance) + 1e-6))
    return sum(terms) / rows


def contrastive(teacher):
    """2 - cos - cos between each normal row and its two altered ones."""
    rows = len(teacher) // 3
    terms = [2 - cosine(teacher[i], teacher[rows + i]) - cosine(teacher[i], teacher[2 * rows + i]) for i in range(rows)]
    return sum(terms) / rows


def events(scores, threshold, gap):
    """Runs of flags, joined over at most `gap` - 1 unflagged points (at least touching ones); (start, end) pairs."""
    found = []
    for point, score in enumerate(scores):
        if score >= threshold:
            if found and point - found[-1][1] < max(1, gap):
                found[-1] = (found[-1][0], point + 1)
            else:
                found.append((point, point + 1))
    return found


def cluster_peaks(scores, start, separation):
    """The maximum of each run above `start`, runs fewer than `separation` points apart taken together."""
    peaks, last = [], None
    for point, score in enumerate(scores):
        if score > start:
            if last is None or point - last >= max(2, separation):
                peaks.append(score)
            else:
                peaks[-1] = max(peaks[-1], score)
            last = point
    return np.array(peaks)


# --- metrics: labels and flags are lists of 0 and 1, segments are half-open pairs ---------------------------------


def segments(flags):
    found = []
    for point, flag in enumerate(flags):
        if flag and found and found[-1][1] == point:
            found[-1] = (found[-1][0], point + 1)
        elif flag:
            found.append((point, point + 1))
    return found


def f_score(hits, false_alarms, misses):
    return 2 * hits / (2 * hits + false_alarms + misses) if hits else 0.0


def counts(flags, labels):
    """Hits, false alarms and misses of points."""
    pairs = list(zip(flags, labels, strict=True))
    return pairs.count((1, 1)), pairs.count((1, 0)), pairs.count((0, 1))


def flags_at(scores, threshold):
    return [int(score >= threshold) for score in scores]


def average_precision(scores, labels):
    total, recall = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        hits, false_alarms, misses = counts(flags_at(scores, threshold), labels)
        if hits + misses:
            total += (hits / (hits + misses) - recall) * hits / (hits + false_alarms)
            recall = hits / (hits + misses)
    return total


def roc_area(scores, labels):
    """The share of (anomalous, normal) pairs in the right order, ties a half."""
    anomalous = [score for score, label in zip(scores, labels, strict=True) if label]
    normal = [score for score, label in zip(scores, labels, strict=True) if not label]
    won = [(one > other) + (one == other) / 2 for one in anomalous for other in normal]
    return sum(won) / len(won) if won else math.nan


def standard_f1(scores, labels):
    values = []
    for threshold in set(scores):
        hits, false_alarms, misses = counts(flags_at(scores, threshold), labels)
        precision, recall = hits / (hits + false_alarms), hits / max(1, hits + misses)
        values.append(2 * precision * recall / (precision + recall + 1e-5))
    return max(values)


def best_of_thresholds(scores, labels, judge):
    """Of 100 thresholds, flags strictly above; NaN if the first gives NaN, else NaNs are left out."""
    values = [
        judge([int(score > threshold) for score in scores], labels)
        for threshold in np.linspace(min(scores), max(scores), 100)
    ]
    return math.nan if math.isnan(values[0]) else max(value for value in values if not math.isnan(value))


def adjust(flags, labels, *, first_too=True):
    """Each segment with a flag is flagged, the first point of the series only if it may."""
    adjusted = list(flags)
    for start, stop in segments(labels):
        if any(flags[start:stop]):
            adjusted[start:stop] = [1] * (stop - start)
    if not first_too:
        adjusted[0] = flags[0]
    return adjusted


def adjusted_f1(flags, labels):
    return f_score(*counts(adjust(flags, labels, first_too=False), labels))


def revised_counts(flags, labels):
    """Segments found, points flagged outside, segments missed."""
    found = sum(any(flags[start:stop]) for start, stop in segments(labels))
    return found, counts(flags, labels)[1], len(segments(labels)) - found


def event_f1(flags, labels):
    if not any(labels):
        return math.nan
    searched = flags[:-1]  # the last point is never looked at
    recall = sum(any(searched[start:stop]) for start, stop in segments(labels)) / len(segments(labels))
    precision = counts(flags, labels)[0] / max(1, sum(flags))
    return 2 * recall * precision / (recall + precision + 1e-15)


def range_f1(flags, labels):
    def score(judged, others, existence):
        """A vector of ones has no segment."""
        own, foreign = (segments(vector) if not all(vector) else [] for vector in (judged, others))
        total = 0.0
        for start, stop in own:
            shared = [min(stop, end) - max(start, begin) for begin, end in foreign]
            shared = [points for points in shared if points > 0]
            if shared:
                total += existence + (1 - existence) * sum(shared) / (stop - start) / len(shared)
        return total / len(own) if own else 0.0

    recall, precision = score(labels, flags, 0.2), score(flags, labels, 0.0)
    return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


STEP = 0.25  # the integrands are linear between multiples of it: the mid-point rule is then exact


def affiliation(flags, labels):
    """Precision and recall by summing over the time axis in steps of `STEP`."""
    size, events, predicted = len(labels), segments(labels), segments(flags)
    precisions, recalls = [], []
    for index, (start, stop) in enumerate(events):
        left = (events[index - 1][1] + start) / 2 if index else 0
        right = (stop + events[index + 1][0]) / 2 if index + 1 < len(events) else size
        pieces = [(max(left, begin), min(right, end)) for begin, end in predicted]
        pieces = [(begin, end) for begin, end in pieces if end > begin]
        room = min(start - left, right - stop)
        width = right - left
        near = []
        for begin, end in pieces:
            for time in np.arange(begin, end, STEP) + STEP / 2:
                distance = max(start - time, time - stop, 0)
                near.append(1 - (min(distance, room) + distance + stop - start) / width if distance else 1.0)
        if near:
            precisions.append(sum(near) / len(near))
        reached = []
        for time in np.arange(start, stop, STEP) + STEP / 2:
            distances = [max(begin - time, time - end, 0) for begin, end in pieces]
            room_here = min(time - left, right - time)
            reached.append(1 - (min(min(distances), room_here) + min(distances)) / width if pieces else 0.0)
        recalls.append(sum(reached) / len(reached))
    precision = sum(precisions) / len(precisions) if precisions else math.nan
    return precision, sum(recalls) / len(recalls) if recalls else math.nan


def affiliation_f1(flags, labels):
    precision, recall = affiliation(flags, labels)
    return 2 * recall * precision / (recall + precision + 1e-15)


def soft_labels(labels, window):
    """Labels with buffers: every segment adds to every point, then all is capped at 1."""
    soft = [float(label) for label in labels]
    for start, stop in segments(labels):
        for point in range(len(labels)):
            distance = max(start - point, point - (stop - 1))
            if 0 < distance <= window // 2:
                soft[point] += math.sqrt(1 - distance / window)
    return [min(1.0, value) for value in soft]


def buffer_groups(labels, window):
    """Segments with their buffers, those that share a point taken together; (first, last) inclusive."""
    half, groups = window // 2, []
    for start, stop in segments(labels):
        if groups and start - half <= groups[-1][1]:
            groups[-1] = (groups[-1][0], stop - 1 + half)
        else:
            groups.append((start - half, stop - 1 + half))
    return groups


def range_areas(scores, labels, window):
    """Range-AP and range-AUC for one window: threshold by threshold, point by point."""
    size, falling = len(scores), sorted(scores, reverse=True)
    soft, groups = soft_labels(labels, window), buffer_groups(labels, window)
    points, average, last_recall = [(0.0, 0.0)], 0.0, 0.0
    for rank in np.linspace(0, size - 1, 250):
        flags = flags_at(scores, falling[int(rank)])
        hits = sum(value for value, flag in zip(soft, flags, strict=True) if flag)
        extra = sum(value for value, flag, label in zip(soft, flags, labels, strict=True) if flag and not label)
        positives = sum(labels) + extra / 2
        found = sum(any(flags[max(first, 0) : last + 1]) for first, last in groups) / len(groups)
        recall = min(hits / positives, 1) * found
        average += (recall - last_recall) * hits / sum(flags)
        last_recall = recall
        points.append(((sum(flags) - hits) / (size - positives), recall))
    points.append((1.0, 1.0))
    area = sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in itertools.pairwise(points))
    return average, area


def volume(scores, labels, window):
    """VUS-PR and VUS-ROC."""
    if len(set(labels)) == 1:
        return math.nan, math.nan
    areas = [range_areas(scores, labels, width) for width in range(window + 1)]
    return tuple(sum(values) / len(areas) for values in zip(*areas, strict=True))


def nine_metrics(scores, labels, window):
    precision_recall, roc = volume(scores, labels, window)
    return {
        "AUC-PR": average_precision(scores, labels),
        "AUC-ROC": roc_area(scores, labels),
        "VUS-PR": precision_recall,
        "VUS-ROC": roc,
        "Standard-F1": standard_f1(scores, labels),
        "PA-F1": best_of_thresholds(scores, labels, adjusted_f1),
        "Event-based-F1": best_of_thresholds(scores, labels, event_f1),
        "R-based-F1": best_of_thresholds(scores, labels, range_f1),
        "Affiliation-F": best_of_thresholds(scores, labels, affiliation_f1),
    }


def best_f1(scores, labels, kind):
    """The highest F1 of all distinct thresholds, and the highest threshold that reaches it."""
    counted = {
        "pointwise": counts,
        "point_adjusted": lambda flags, labels: counts(adjust(flags, labels), labels),
        "revised_point_adjusted": revised_counts,
    }[kind]
    return max((f_score(*counted(flags_at(scores, value), labels)), value) for value in set(scores))


def delays(flags, labels):
    """For each segment the points until its first flag, None where it has none."""
    return [next((t for t in range(stop - start) if flags[start + t]), None) for start, stop in segments(labels)]


def dominant_lag(series):
    """Lag by lag: the highest interior peak of the autocorrelation at lags 3 … 400."""
    centred = np.array(series[:20_000]) - np.mean(series[:20_000])
    size = len(centred)
    values = {lag: sum(centred[lag:] * centred[: size - lag]) for lag in range(3, min(401, size))}
    peaks = [
        (values[lag], lag)
        for lag in values
        if lag - 1 in values and lag + 1 in values and values[lag] > max(values[lag - 1], values[lag + 1])
    ]
    lag = max(peaks)[1] if peaks else 125
    return lag if 6 <= lag <= 303 else 125


# --- baselines: a window is a row of numbers ----------------------------------------------------------------------


def windows_of(series, length):
    return [series[start : start + length] for start in range(len(series) - length + 1)]


def shape(window):
    """Without its mean, divided by its deviation; a tenth is added to its variance."""
    centred = np.array(window) - np.mean(window)
    return centred / math.sqrt(np.mean(centred**2) + 0.1)


def nearest_shape(window, others):
    """Root mean square distance to the nearest of other windows, all as shapes; NaN where there are none."""
    distances = [math.sqrt(np.mean((shape(window) - shape(other)) ** 2)) for other in others]
    return min(distances, default=math.nan)


def nearest_z_normalised(window, others):
    """Euclidean distance to the nearest of other windows, all z-normalised; NaN where there are none."""
    ours = (window - np.mean(window)) / np.std(window)
    return min((math.dist(ours, (other - np.mean(other)) / np.std(other)) for other in others), default=math.nan)


def moving_z_score(series, length, floor):
    """Point by point; 0 where no whole window comes before."""
    scores = [0.0] * min(length, len(series))
    for point in range(length, len(series)):
        before = series[point - length : point]
        scores.append(abs(series[point] - np.mean(before)) / max(np.std(before), floor))
    return np.array(scores)


def second_difference(series):
    inner = [abs(series[t - 1] - 2 * series[t] + series[t + 1]) for t in range(1, len(series) - 1)]
    return np.array([0.0, *inner, 0.0])


def window_statistics(window, floor):
    """Mean, deviation, least, largest, median, skewness, kurtosis and mean step; a deviation below `floor` is it."""
    mean, deviation = np.mean(window), np.std(window)
    standard = [(value - mean) / max(deviation, floor) for value in window]
    skewness, kurtosis = (sum(value**power for value in standard) / len(window) for power in (3, 4))
    step = sum(abs(b - a) for a, b in itertools.pairwise(window)) / (len(window) - 1)
    return np.array([mean, deviation, min(window), max(window), sorted_middle(window), skewness, kurtosis, step])


def sorted_middle(values):
    ordered, size = sorted(values), len(values)
    return (ordered[(size - 1) // 2] + ordered[size // 2]) / 2


def mahalanobis(row, rows, ridge):
    """Distance from the mean of rows (N, K) by the inverse of their covariance, per dimension; ridge of its mean."""
    rows = np.array(rows)
    away = row - rows.mean(axis=0)
    covariance = np.cov(rows.T, bias=True)
    covariance = covariance + ridge * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return math.sqrt(away @ np.linalg.inv(covariance) @ away / len(away))


def average_path(count):
    """Mean depth of an unsuccessful search in a binary tree of `count` points."""
    if count <= 2:
        return max(0, count - 1)
    return 2 * (math.log(count - 1) + np.euler_gamma) - 2 * (count - 1) / count


def isolation(window, trees, drawn):
    """2 to the power of - mean depth / usual depth, walking down each tree; `drawn` points made a tree."""
    depths = []
    for tree in trees:
        node, depth = 0, 0
        while tree.children_left[node] >= 0:
            goes_left = window[tree.feature[node]] <= tree.threshold[node]
            node = tree.children_left[node] if goes_left else tree.children_right[node]
            depth += 1
        depths.append(depth + average_path(tree.n_node_samples[node]))
    return 2 ** -(np.mean(depths) / average_path(drawn))


def sign_flip_p_value(differences):
    """The share of all sign patterns whose mean is at least as far from 0."""
    observed = abs(np.mean(differences)) * (1 - 1e-12)
    patterns = itertools.product((-1, 1), repeat=len(differences))
    means = [abs(np.mean(np.array(signs) * differences)) for signs in patterns]
    return sum(mean >= observed for mean in means) / len(means)


# --- views, retrieval and places: windows one by one ---------------------------------------------------------------


def parts(values, count):
    """`values` in `count` equal parts."""
    size = len(values) // count
    return [values[index * size : (index + 1) * size] for index in range(count)]


def largest_divisor(length, most):
    return next(number for number in range(most, 0, -1) if length % number == 0)


def averaged(window):
    """Means of at most 32 equal parts."""
    return np.array([sum(part) / len(part) for part in parts(list(window), largest_divisor(len(window), 32))])


def energies(window):
    """Root mean square of second differences in at most 16 segments; the two ends have their neighbours'."""
    second = [window[t - 1] - 2 * window[t] + window[t + 1] for t in range(1, len(window) - 1)]
    second = [second[0], *second, second[-1]]
    count = largest_divisor(len(window), min(16, len(window) // 4))
    return np.array([math.sqrt(sum(value**2 for value in part) / len(part)) for part in parts(second, count)])


def view(name, window, stillness=0.0):
    """What a view sees of one window."""
    if name == "roughness":
        return np.log(energies(window) + stillness)
    row = averaged(window)
    centred = row - np.mean(row)
    return {
        "shape": centred / math.sqrt(np.mean(centred**2) + 0.1),
        "contour": centred / math.sqrt(np.mean(centred**2) + 1.0),
        "change": np.array([b - a for a, b in itertools.pairwise(row)]) * math.sqrt(len(row) / 8),
    }[name]


def distance(row, other):
    """Root mean square difference."""
    return math.sqrt(sum((a - b) ** 2 for a, b in zip(row, other, strict=True)) / len(row))


def least_mean_square(query, bank):
    """Mean of the squared difference to the nearest row, in the digits of the rows themselves."""
    return min(((query - row) ** 2).mean() for row in bank)


def nearest_of_runs(row, bank, runs, *, start=None, starts=None, length=0):
    """Distance to the nearest of each run of neighbours that begins at least `length` rows from `start`."""
    size = -(-len(bank) // runs)
    found = [math.inf] * runs
    for index, other in enumerate(bank):
        if start is None or abs(starts[index] - start) >= length:
            found[index // size] = min(found[index // size], distance(row, other))
    return found


def rarity(distances, runs):
    smallest = sorted(value for value in distances if math.isfinite(value))[:runs]
    return sum(smallest) / len(smallest) if smallest else 0.0


def attended(query, key, value, head):
    """Attention of one head (columns `head` from, to): each row's softmax-weighted mean of all rows' values."""
    first, last = head
    mixed = []
    for asking in query:
        weights = []
        for asked in key:
            product = sum(asking[place] * asked[place] for place in range(first, last))
            weights.append(math.exp(product / math.sqrt(last - first)))
        columns = range(first, last)
        means = [sum(w * row[place] for w, row in zip(weights, value, strict=True)) / sum(weights) for place in columns]
        mixed.append(means)
    return mixed


def periods(rows, kept):
    """(period, weight) of the `kept` largest mean amplitudes of rows (M, D), the first left out taken off."""
    count = len(rows)
    amplitudes = []
    for frequency in range(1, max(1, count // 2) + 1):
        sizes = []
        for feature in range(len(rows[0])):
            angles = [2 * math.pi * frequency * place / count for place in range(count)]
            real = sum(row[feature] * math.cos(angle) for row, angle in zip(rows, angles, strict=True))
            imaginary = sum(row[feature] * math.sin(angle) for row, angle in zip(rows, angles, strict=True))
            sizes.append(math.hypot(real, imaginary))
        amplitudes.append((sum(sizes) / len(sizes), count // frequency))
    largest = sorted(amplitudes, reverse=True)[: kept + 1]
    total = sum(math.exp(amplitude) for amplitude, _ in largest)
    shares = [math.exp(amplitude) / total for amplitude, _ in largest]
    left_out = shares[kept] if len(largest) > kept else 0
    return [(period, share - left_out) for (_, period), share in zip(largest, shares, strict=True)][:kept]
