"""Clusters of a map's sentences, named by their most telling words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dgvae.environment import choose_cache

MOST_CLUSTERED = 20_000  # points: of more, so many are clustered
LEAST, MOST = 0.01, 0.4  # of all points, in a cluster
_NEIGHBORS = 10  # that a dense point has near it
_WORDS = 3  # of a name
_RARE = 0.02  # of a cluster's sentences: a word that fewer have tells nothing of the others


@dataclass(frozen=True)
class Cluster:
    """Points that lie close together. members: their rows, ascending. words: the most telling first; none without texts."""

    members: np.ndarray
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its words."""
        return ", ".join(self.words)


def find_clusters(xy: np.ndarray, texts: Sequence[str] | None = None) -> list[Cluster]:
    """Cluster points by HDBSCAN (Campello et al. 2013) and name the clusters by their most telling words.

    A cluster has 1% to 40% of the points, so that the whole map is not one; points between clusters are in none.

    Args:
        xy: places on a map, [M, 2].
        texts: of each point, words with spaces between them.

    Returns:
        The clusters, the largest first.

    Example:
        >>> import numpy as np
        >>> grid = np.stack(np.meshgrid(range(8), range(8)), axis=-1).reshape(-1, 2) / 8
        >>> xy = np.concatenate([grid, grid + 9, grid + [0, 20]])
        >>> texts = ["good soup"] * 64 + ["good lamp"] * 64 + ["a good dog"] * 64
        >>> sorted(cluster.name for cluster in find_clusters(xy, texts))
        ['dog', 'lamp', 'soup']
    """
    rows = np.arange(len(xy))
    if len(rows) > MOST_CLUSTERED:
        rows = np.linspace(0, len(rows) - 1, MOST_CLUSTERED).round().astype(int)
    least = max(5, round(LEAST * len(rows)))
    if len(rows) < 2 * least:
        return []
    choose_cache()
    from sklearn.cluster import HDBSCAN

    model = HDBSCAN(
        min_cluster_size=least,
        min_samples=min(_NEIGHBORS, least),
        max_cluster_size=max(least, int(MOST * len(rows))),
        copy=True,  # pyright: ignore[reportArgumentType]  # its default is that of an earlier version
    )
    labels = model.fit_predict(np.asarray(xy, dtype=np.float64)[rows])
    members = sorted((rows[labels == label] for label in range(labels.max() + 1)), key=len, reverse=True)
    names = telling_words(members, texts) if texts else [()] * len(members)
    return [Cluster(*found) for found in zip(members, names, strict=True)]


def telling_words(members: Sequence[np.ndarray], texts: Sequence[str]) -> list[tuple[str, ...]]:
    """The words that tell each cluster from all points: those with the largest p(t|c) · log(p(t|c) / p(t)).

    p(t|c) is the share of the cluster's sentences that have the word t, p(t) that of all sentences. By c-TF-IDF, which has
    log(1 + A / f(t)) instead (Grootendorst 2022), the commonest words win in short sentences, though no commoner here.

    Args:
        members: rows of each cluster.
        texts: of all points; an empty one is not known.

    Returns:
        At most three words of each cluster, the most telling first. Punctuation is no word, and English function words are
        taken only if there is no other.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    words = [{word for word in text.lower().split() if any(map(str.isalnum, word)) and word != "<unk>"} for text in texts]
    everywhere, total = Counter(word for of_one in words for word in of_one), sum(map(bool, words))
    found = []
    for members_of_one in members:
        rows = [row for row in members_of_one if words[row]]
        here, least = Counter(word for row in rows for word in words[row]), max(2, _RARE * len(rows))
        lift = {
            word: count * np.log(count / len(rows) / (everywhere[word] / total))
            for word, count in here.items()
            if count >= least
        }
        ranked = sorted((word for word, telling in lift.items() if telling > 0), key=lambda word: (-lift[word], word))
        content = [word for word in ranked if word not in ENGLISH_STOP_WORDS and "'" not in word]
        found.append(tuple((content or ranked)[:_WORDS]))
    return found
