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
    from scipy.cluster.hierarchy import linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    distance = np.clip(1 - np.nan_to_num(similarity), 0, None)  # rounding may leave a cosine above 1
    np.fill_diagonal(distance, 0)
    condensed = squareform((distance + distance.T) / 2, checks=False)
    return optimal_leaf_ordering(linkage(condensed, "average"), condensed)


def role_order(similarity: Floats) -> list[int]:
    """Return the rows of float64[n, n] cosines in an order in which roles that are alike lie side by side."""
    tree = role_tree(similarity)
    if not len(tree):
        return list(range(len(similarity)))
    from scipy.cluster.hierarchy import leaves_list

    return [int(leaf) for leaf in leaves_list(tree)]
