"""Latents: the posteriors of an evaluation set and their map, as a checkpoint keeps them. It holds no text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from dgvae.aggregate import AggregatedPosterior, aggregate
from dgvae.checkpoint.coordinates import LATENTS_FILE, sentences_shown
from dgvae.checkpoint.umap import USUAL, UmapOptions, project
from dgvae.errors import UserError
from dgvae.files.eight_bits import restored, with_columns_in_8_bits
from dgvae.files.tensors import read_safetensors_with_metadata, write_safetensors
from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import POSTERIORS, Posterior, Prior

MOST_LOG_VARIANCE = 80.0  # of either sign: e^80 and e^-80 are numbers in fp32
_FORM, _COMPACT = "form", "compact"  # in the metadata of the file
PRIOR_SEED = 20221128  # the same prior draws for every model of one latent size, so that maps and samples compare


@dataclass(frozen=True)
class LatentMap:
    """Points of the map: the first P are prior samples, the others one sample each of M posteriors.

    sentences: [M], the evaluation sentence of each posterior point. z: [P + M, D]. xy: UMAP, [P + M, 2].
    """

    sentences: Tensor
    z: Tensor
    xy: Tensor

    @property
    def priors(self) -> int:
        """P, the number of prior samples."""
        return len(self.z) - len(self.sentences)

    @property
    def check(self) -> Tensor:
        """Tells whether points that were drawn again are the same: their mean absolute coordinates, [D]."""
        return self.z.abs().mean(0)


@dataclass(frozen=True)
class Latents:
    """q(z|x_n) of N evaluation sentences, with labels, [N], -1 where there is none, and lengths in words, [N].

    compact: they are kept in fewer bytes: log σ² and draws take 8 bits, and of the map only its coordinates are kept, since
    the rest follows from seeds. stand_ins: the sentences whose mixture stands for q(z), in order, where there are too many for
    all of them; all points of the map are among them. It is not saved.
    """

    posterior: Posterior
    labels: Tensor
    lengths: Tensor
    map: LatentMap | None = None
    compact: bool = False
    stand_ins: Tensor | None = None

    def mixture(self) -> AggregatedPosterior:
        """q(z), of all sentences or of those that stand for it."""
        rows = self.stand_ins
        return aggregate(self.posterior if rows is None else self.posterior.map(lambda tensor: tensor[rows]))

    def components(self, sentences: Tensor) -> Tensor:
        """Which components of `mixture` are those of some sentences; −1 where it has none. [S] -> [S]."""
        if self.stand_ins is None:
            return sentences
        at = torch.searchsorted(self.stand_ins, sentences).clamp_max(len(self.stand_ins) - 1)
        return torch.where(self.stand_ins[at] == sentences, at, -1)

    def sentence_of(self, component: int) -> int:
        """The sentence of a component of `mixture`."""
        return component if self.stand_ins is None else int(self.stand_ins[component])

    def save(self, folder: Path) -> None:
        """Write latents.safetensors. Latents are fp16: for |μ| up to 4 good to 0.001, far finer than a usual σ."""
        tensors = {name: tensor.half() for name, tensor in self.posterior.tensors().items()}
        if self.compact:
            tensors = with_columns_in_8_bits(tensors, tensors.keys() & {"log_var", "draws"})
        tensors |= {name: _smallest(numbers) for name, numbers in (("labels", self.labels), ("lengths", self.lengths))}
        if self.map and self.compact:
            tensors |= {"map.xy": self.map.xy.half(), "map.check": self.map.check}
        elif self.map:
            tensors |= {
                "map.sentences": self.map.sentences.to(torch.int32),
                "map.z": self.map.z.half(),
                "map.xy": self.map.xy.float(),
            }
        write_safetensors(folder / LATENTS_FILE, tensors, {_FORM: _COMPACT} if self.compact else None)

    @classmethod
    def load(cls, folder: Path, config: TextVAEConfig) -> Latents:
        """Read what `save` wrote. Raises UserError if something is missing, does not fit, or is not finite."""
        path, kind = folder / LATENTS_FILE, POSTERIORS[config.row.posterior]
        kept, metadata = read_safetensors_with_metadata(path)
        tensors = restored(kept)
        rows = tensors["labels"].numel() if "labels" in tensors else 0
        posterior_shapes = kind.shapes(rows, config.latent_dim)
        shapes = {"labels": (rows,), "lengths": (rows,), **posterior_shapes}
        if has_points := "map.z" in tensors:
            points, shown = tensors["map.z"].numel() // config.latent_dim, tensors.get("map.sentences", torch.empty(0)).numel()
            shapes |= {"map.z": (points, config.latent_dim), "map.xy": (points, 2), "map.sentences": (shown,)}
        if has_coordinates := "map.xy" in tensors and not has_points:
            shapes |= {"map.xy": (tensors["map.xy"].numel() // 2, 2), "map.check": (config.latent_dim,)}
        _check(path, tensors, shapes)
        posterior = kind.restore({name: tensors[name].float() for name in posterior_shapes}, config.options)
        latent_map = None
        if has_points:
            sentences = tensors["map.sentences"].long()
            if len(sentences) > len(tensors["map.z"]) or int(sentences.min()) < 0 or int(sentences.max()) >= rows:
                raise UserError(f"{path} is broken: map.sentences names sentences that it does not hold.")
            latent_map = LatentMap(sentences, tensors["map.z"].float(), tensors["map.xy"])
        elif has_coordinates:
            latent_map = _points_again(path, posterior, tensors["map.xy"].float(), tensors["map.check"])
        is_compact = metadata.get(_FORM) == _COMPACT
        return cls(posterior, tensors["labels"].long(), tensors["lengths"].long(), latent_map, is_compact)


def _smallest(numbers: Tensor) -> Tensor:
    """Whole numbers in the least bytes that hold them."""
    low, high = int(numbers.min()), int(numbers.max())
    fitting = (
        kind for kind in (torch.int8, torch.int16, torch.int32) if torch.iinfo(kind).min <= low <= high <= torch.iinfo(kind).max
    )
    return numbers.to(next(fitting, torch.int64))


def _points_again(path: Path, posterior: Posterior, xy: Tensor, check: Tensor) -> LatentMap | None:
    """The map whose coordinates are known, with its points drawn anew; None if this version of torch draws others.

    Raises UserError if the file is broken.
    """
    sentences = sentences_shown(len(posterior), len(xy))
    chosen, z = map_points(posterior, len(xy) - sentences)
    if len(chosen) != sentences:
        raise UserError(f"{path} is broken: its map.xy has {len(xy)} points for {len(posterior)} sentences.")
    again = LatentMap(chosen, z, xy)
    return again if torch.allclose(again.check, check.float(), rtol=1e-3, atol=1e-2) else None


def _check(path: Path, tensors: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in shapes.items():
        if name not in tensors:
            raise UserError(f"{path} lacks {name}; copy or download it again.")
        if tuple(tensors[name].shape) != shape or 0 in shape:
            raise UserError(f"{path} does not fit its config.json: {name} should be {shape}.")
        if not torch.isfinite(tensors[name]).all():
            raise UserError(f"{path} is broken: {name} has values that are not finite; copy or download it again.")
        if name == "log_var" and (most := float(tensors[name].abs().max())) > MOST_LOG_VARIANCE:
            raise UserError(
                f"{path} is broken: it has a log-variance of ±{most:,.0f}, and the maximum is ±{MOST_LOG_VARIANCE:.0f}; "
                "copy it again, or train it again."
            )


def prior_samples(prior: Prior, count: int) -> Tensor:
    """The project's fixed draws from a prior: [count, D], in fp32."""
    return prior.sample(count, torch.Generator().manual_seed(PRIOR_SEED))


def map_points(posterior: Posterior, points: int) -> tuple[Tensor, Tensor]:
    """What a map shows: `points` prior samples, and a sample each of at most `points` posteriors, evenly spread over the set.

    Returns the numbers of the M sentences, and all points, the prior's first: [P + M, D]. The same every time.
    """
    aggregated = aggregate(posterior.map(Tensor.cpu))
    total = len(aggregated)
    chosen = torch.arange(total) if total <= points else torch.linspace(0, total - 1, points).round().long()
    sampled = aggregated.sample_each(torch.Generator().manual_seed(PRIOR_SEED + 1))[chosen]
    return chosen, torch.cat([prior_samples(aggregated.prior, points).double(), sampled]).float()


def map_latents(posterior: Posterior, points: int, options: UmapOptions = USUAL) -> LatentMap:
    """Project the `map_points`."""
    chosen, z = map_points(posterior, points)
    prior, sampled = z[: len(z) - len(chosen)], z[len(z) - len(chosen) :]
    return LatentMap(chosen, z, torch.from_numpy(project([prior.numpy(), sampled.numpy()], options=options)))
