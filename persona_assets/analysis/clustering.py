"""Roles clustered by likeness."""

from __future__ import annotations

import numpy as np

from persona_assets.base.arrays import Floats


def role_tree(similarity: Floats) -> Floats:
    """Return the linkage float64[n - 1, 4] of roles by their cosines float64[n, n]; empty below two.

    It is average linkage over 1 - cosine, NaN counting as 0, with leaves as near to each other as can be.
    """
    if len(similarity) < 2:
        return np.empty((0, 4))
    from scipy.cluster.hierarchy import optimal_leaf_ordering

    distances = _distances(similarity)
    return optimal_leaf_ordering(_linkage(distances), distances)


def _distances(similarity: Floats) -> Floats:
    """Return 1 - cosine of each pair, float64[n (n - 1) / 2]."""
    from scipy.spatial.distance import squareform

    distance = np.clip(1 - np.nan_to_num(similarity), 0, None)  # rounding may leave a cosine above 1
    np.fill_diagonal(distance, 0)
    return squareform((distance + distance.T) / 2, checks=False)


def _linkage(distances: Floats) -> Floats:
    from scipy.cluster.hierarchy import linkage

    return linkage(distances, "average")


def role_order(similarity: Floats) -> list[int]:
    """Return the rows of float64[n, n] cosines in an order in which roles that are alike lie side by side."""
    tree = role_tree(similarity)
    if not len(tree):
        return list(range(len(similarity)))
    from scipy.cluster.hierarchy import leaves_list

    return [int(leaf) for leaf in leaves_list(tree)]


def role_families(similarity: Floats, least: float, most: int) -> list[list[int]]:
    """Return families of roles that are alike, by their rows in float64[n, n] cosines, the largest first.

    They are the clusters of `role_tree` with two roles or more where it is cut at the mean cosine `least`.
    Where these are more than `most`, those alike are taken together while their mean cosine is above 0; a
    role that is in none stays in none. With the 95th percentile of chance's nearest role as `least`, a role
    that has nothing in common with any is in a family with probability 5%.
    """
    if len(similarity) < 2 or np.isnan(least):
        return []
    merges = [(int(a), int(b), 1 - height) for a, b, height, _ in _linkage(_distances(similarity))]
    groups = {row: [row] for row in range(len(similarity))}
    alike = sum(cosine >= least for *_, cosine in merges)  # the first: heights only rise
    for at, (a, b, _) in enumerate(merges[:alike]):
        groups[len(similarity) + at] = groups.pop(a) + groups.pop(b)
    groups = {key: rows if len(rows) > 1 else [] for key, rows in groups.items()}
    for at, (a, b, cosine) in enumerate(merges[alike:], alike):
        if cosine <= 0 or sum(map(bool, groups.values())) <= most:
            break
        groups[len(similarity) + at] = groups.pop(a) + groups.pop(b)
    return sorted((sorted(rows) for rows in groups.values() if rows), key=lambda rows: (-len(rows), rows))
