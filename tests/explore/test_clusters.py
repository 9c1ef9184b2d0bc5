"""Clusters of made-up places, and their names."""

from __future__ import annotations

import numpy as np
import pytest

from dgvae.explore import clusters
from dgvae.explore.clusters import find_clusters, telling_words


def blobs(sizes: list[int]) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(0, 0.3, (size, 2)) + 9 * np.array([i % 3, i // 3]) for i, size in enumerate(sizes)])


def test_blobs_are_found_the_largest_first_and_what_lies_apart_is_in_none() -> None:
    xy = np.concatenate([blobs([60, 90, 80]), [[40, 40], [-40, 3]]])
    found = [cluster.members for cluster in find_clusters(xy)]
    for rows, (low, high) in zip(found, [(60, 150), (150, 230), (0, 60)], strict=True):
        assert {*rows} <= {*range(low, high)}
        assert len(rows) > 0.8 * (high - low)


def test_a_cluster_is_neither_the_whole_map_nor_a_few_points() -> None:
    xy = np.random.default_rng(0).normal(size=(600, 2))
    for cluster in find_clusters(xy):
        assert 6 <= len(cluster.members) <= 240
    assert find_clusters(xy[:9]) == find_clusters(xy[:0]) == []


def test_of_many_points_some_are_clustered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "MOST_CLUSTERED", 150)
    found = find_clusters(blobs([100, 100, 100]))
    assert len(found) == 3
    assert sum(len(cluster.members) for cluster in found) <= 150
    assert max(int(cluster.members.max()) for cluster in found) > 250


def test_names_are_words_that_are_more_common_here() -> None:
    texts = ["the green soup was good ."] * 6 + ["the loud trumpet was good !"] * 6 + ["the dog"] * 4 + [""] * 4
    members = [np.arange(6), np.arange(6, 12), np.arange(12, 18)]
    assert telling_words(members, texts) == [("green", "soup", "good"), ("loud", "trumpet", "good"), ("dog",)]


def test_function_words_name_a_cluster_that_has_no_other_and_punctuation_never() -> None:
    texts = ["<unk> it is n't ."] * 5 + ["soup !"] * 5
    assert telling_words([np.arange(5), np.arange(5, 10)], texts) == [("is", "it", "n't"), ("soup",)]
    assert telling_words([np.arange(5)], ["..."] * 5) == [()]
