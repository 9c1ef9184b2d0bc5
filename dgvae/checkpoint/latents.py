"""Latents: the posteriors of an evaluation set and their map, as a checkpoint keeps them. It holds no text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from dgvae.aggregate import aggregate
from dgvae.checkpoint.umap import project
from dgvae.errors import UserError
from dgvae.files.tensors import read_safetensors, write_safetensors
from dgvae.methods.config import TextVAEConfig
from dgvae.posteriors import POSTERIORS, Posterior, Prior

LATENTS_FILE = "latents.safetensors"
MOST_LOG_VARIANCE = 80.0  # of either sign: e^80 and e^-80 are numbers in fp32
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


@dataclass(frozen=True)
class Latents:
    """q(z|x_n) of N evaluation sentences, with labels, [N], -1 where there is none, and lengths in words, [N]."""

    posterior: Posterior
    labels: Tensor
    lengths: Tensor
    map: LatentMap | None = None

    def save(self, folder: Path) -> None:
        """Write latents.safetensors. Latents are fp16: for |μ| up to 4 good to 0.001, far finer than a usual σ."""
        tensors = {name: tensor.half() for name, tensor in self.posterior.tensors().items()}
        tensors |= {"labels": self.labels.to(torch.int16), "lengths": self.lengths.to(torch.int16)}
        if self.map:
            tensors |= {
                "map.sentences": self.map.sentences.to(torch.int32),
                "map.z": self.map.z.half(),
                "map.xy": self.map.xy.float(),
            }
        write_safetensors(folder / LATENTS_FILE, tensors)

    @classmethod
    def load(cls, folder: Path, config: TextVAEConfig) -> Latents:
        """Read what `save` wrote. Raises UserError if something is missing, does not fit, or is not finite."""
        path, kind = folder / LATENTS_FILE, POSTERIORS[config.row.posterior]
        tensors = read_safetensors(path)
        rows = tensors["labels"].numel() if "labels" in tensors else 0
        posterior_shapes = kind.shapes(rows, config.latent_dim)
        shapes = {"labels": (rows,), "lengths": (rows,), **posterior_shapes}
        if has_map := "map.z" in tensors:
            points, shown = tensors["map.z"].numel() // config.latent_dim, tensors.get("map.sentences", torch.empty(0)).numel()
            shapes |= {"map.z": (points, config.latent_dim), "map.xy": (points, 2), "map.sentences": (shown,)}
        _check(path, tensors, shapes)
        latent_map = None
        if has_map:
            sentences = tensors["map.sentences"].long()
            if len(sentences) > len(tensors["map.z"]) or int(sentences.min()) < 0 or int(sentences.max()) >= rows:
                raise UserError(f"{path} is broken: map.sentences names sentences that it does not hold.")
            latent_map = LatentMap(sentences, tensors["map.z"].float(), tensors["map.xy"])
        posterior = kind.restore({name: tensors[name].float() for name in posterior_shapes}, config.options)
        return cls(posterior, tensors["labels"].long(), tensors["lengths"].long(), latent_map)


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


def map_latents(posterior: Posterior, points: int) -> LatentMap:
    """Project `points` prior samples and a sample each of at most `points` posteriors, evenly spread over the set."""
    aggregated = aggregate(posterior.map(Tensor.cpu))
    total = len(aggregated)
    chosen = torch.arange(total) if total <= points else torch.linspace(0, total - 1, points).round().long()
    sampled = aggregated.sample_each(torch.Generator().manual_seed(PRIOR_SEED + 1))[chosen]
    prior = prior_samples(aggregated.prior, points).double()
    return LatentMap(
        sentences=chosen,
        z=torch.cat([prior, sampled]).float(),
        xy=torch.from_numpy(project([prior.numpy(), sampled.numpy()])),
    )
