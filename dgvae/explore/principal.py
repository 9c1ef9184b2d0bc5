"""The plane in which the means of posteriors vary most: a linear map, so that distances and directions on it mean something."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.linalg import eigh
from torch import Tensor

_ROWS = 1 << 16


@dataclass(frozen=True)
class PrincipalPlane:
    """The first two principal components of means. center: [D]. axes: [D, 2]. shares: of the variance of the means."""

    center: Tensor
    axes: Tensor
    shares: tuple[float, float]

    @classmethod
    def fit(cls, means: Tensor) -> PrincipalPlane:
        """Fit the plane.

        Example:
            >>> import torch
            >>> line = torch.stack([torch.arange(5.0), torch.zeros(5), torch.zeros(5)], dim=1)
            >>> plane = PrincipalPlane.fit(line)
            >>> plane.shares
            (1.0, 0.0)
            >>> plane.project(line)[:, 0].tolist()
            [-2.0, -1.0, 0.0, 1.0, 2.0]
        """
        dim, parts = means.shape[1], means.split(_ROWS)  # of which one at a time is in fp64
        center = sum((part.double().sum(0) for part in parts), start=torch.zeros(dim).double()) / len(means)
        covariance = torch.zeros(dim, dim, dtype=torch.float64)
        for part in parts:
            centered = part.double() - center
            covariance += centered.T @ centered / len(means)
        _, vectors = eigh(covariance.numpy(), subset_by_index=[max(0, dim - 2), dim - 1])
        axes = torch.from_numpy(vectors.copy()).flip(1)
        axes = axes * torch.where(axes.gather(0, axes.abs().argmax(0, keepdim=True)) < 0, -1.0, 1.0)  # one sign, not by chance
        axes = torch.nn.functional.pad(axes, (0, 2 - axes.shape[1]))  # a latent of one dimension has a line
        total = float(covariance.trace())
        first, second = ((axes.T @ covariance) * axes.T).sum(1).clamp_min(0).tolist()
        return cls(center, axes, (first / total, second / total) if total else (0.0, 0.0))

    def project(self, z: Tensor) -> Tensor:
        """The places of latents on it: [S, D] -> [S, 2], fp32."""
        return ((z.double() - self.center) @ self.axes).float()
