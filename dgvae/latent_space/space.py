"""LatentSpace: whether the prior matches the aggregated posterior of any model, from the means and variances alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from dgvae.checkpoint.latents import prior_samples
from dgvae.checkpoint.umap import UmapOptions
from dgvae.errors import UserError
from dgvae.evaluation.copied import copies_said, has_copies
from dgvae.evaluation.diagnosis import Finding
from dgvae.evaluation.estimates import Estimate, prior_count
from dgvae.evaluation.holes import Hole, find_holes
from dgvae.latent_space.bounds import USUAL, Most
from dgvae.latent_space.checks import checked
from dgvae.latent_space.formats import read_columns
from dgvae.latent_space.held import HeldSpace
from dgvae.latent_space.measuring import findings
from dgvae.latent_space.wording import of_examples
from dgvae.latent_space.writing import write_contents

if TYPE_CHECKING:
    import altair
    import gradio

Numbers = np.ndarray | Tensor | Sequence[Any]


class LatentSpace(HeldSpace):
    """The posteriors of N examples, of text or of anything else, beside the prior N(0, I).

    Its figures are those of a checkpoint. Of more than 10,000 examples, those that are made of sums come from all, as KL does,
    and the others from 10,000 that are drawn at random, `rows`.

    Args:
        mean: [N, D], NumPy or torch, fp16 to fp64. Without `log_var` these are points, such as the codes of an autoencoder.
        log_var: log σ², [N, D].
        labels: a whole number or a text for each example.
        text: a text for each example.
        columns: other numbers, [N] each, by their names; a map can be colored by them.
        name: in charts and faults.

    Raises:
        UserError: one sentence that says what is wrong with these, and what to do.

    Example:
        >>> import torch
        >>> from dgvae import LatentSpace
        >>> mean = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0))
        >>> mean[:, 0] = mean[:, 0].abs()  # no example lies on the left
        >>> space = LatentSpace(mean, torch.full_like(mean, -4.0))
        >>> value, error = space.figures()["hole_mass"]
        >>> value > 0.3, error < 0.05
        (True, True)
        >>> for finding in space.diagnosis():
        ...     print(finding.severity, finding.text)
        fault Dimension 1 differs from N(0, 1), by 0.59 nats: its mean is +0.77.
        fault Holes: 45% of the prior lies where encoded examples are rare (joint gap at least 0.6 nats).
        good No collapse: every dimension carries information about the example.
    """

    def __init__(
        self,
        mean: Numbers,
        log_var: Numbers | None = None,
        labels: Numbers | None = None,
        text: Sequence[str] | None = None,
        columns: Mapping[str, Numbers] | None = None,
        name: str = "latents",
    ) -> None:
        if mean is None:
            raise UserError("LatentSpace needs means or points, [N, D], not None.")
        named = {"z": mean} if log_var is None else {"mean": mean, "log_var": log_var}
        try:
            more = {str(key): column for key, column in dict({} if columns is None else columns).items()}
        except (TypeError, ValueError):
            raise UserError("columns must be a dict or a table of numbers by their names.") from None
        contents = checked({**more, **named, "label": labels, "text": text}, name)
        if lost := [key for key in more if key not in contents.columns]:
            raise UserError(
                f"columns can't have {lost[0]!r}: give {len(contents.posterior):,} numbers for each name, and no name that has "
                "a meaning of its own, such as mean, z, std or text."
            )
        self._hold(contents, name)

    @classmethod
    def load(cls, path: str | Path, name: str | None = None, most: Most = USUAL) -> LatentSpace:
        """Read a .safetensors, .npz or Parquet file.

        Args:
            path: of a file with `mean` and one of `log_var`, `std` and `var`, or `z` alone; each is [N, D]. It may also hold
                `label`, `text` and other numbers, [N] each. Nothing is unpickled.
            name: in charts; the file's by default.
            most: how much is read.

        Returns:
            The latent space.

        Raises:
            UserError: one sentence that says what is wrong with the file, and what to do.

        Example:
            >>> LatentSpace.load("checkpoints/short-yelp/pdg-vae/latents.safetensors", name="pdg-vae")
            LatentSpace('pdg-vae', 10000 examples, 32 dimensions)
        """
        space = cls.__new__(cls)
        space._hold(checked(read_columns(Path(path), most), str(path), most), name or Path(path).stem)
        return space

    def __repr__(self) -> str:
        dim = self.posterior.location.shape[1]
        return f"LatentSpace({self.name!r}, {len(self)} examples, {dim} dimension{'s' if dim > 1 else ''})"

    # ---- in numbers and words

    def figures(self) -> dict[str, Estimate]:
        """Every figure that exists, by the ids of `dgvae.evaluation.figures.FIGURES`, as (value, standard error).

        `absent` says why the others don't exist. Takes about 15 s for 10,000 examples of 32 dimensions, the first time.

        Example:
            >>> collapsed = LatentSpace(torch.zeros(200, 2), torch.zeros(200, 2))
            >>> collapsed.figures()["active_units"]
            Estimate(value=0.0, error=0.0)
        """
        return dict(self.record.figures)

    @property
    def absent(self) -> dict[str, str]:
        """The figures that this latent space does not have, and why.

        Example:
            >>> LatentSpace(torch.randn(200, 2)).absent["mi"]
            'these are points, and it needs the mean and variance of posteriors'
        """
        return dict(self.record.absent)

    def diagnosis(self) -> list[Finding]:
        """What is wrong with it, the gravest first: each finding is a sentence, `text`, and its `severity`.

        Example:
            >>> collapsed = LatentSpace(torch.zeros(200, 2), torch.zeros(200, 2))
            >>> print(collapsed.diagnosis()[0].text)
            Collapsed: 2 of 2 dimensions carry less than 0.01 nats, and z carries 0.00 nats of information about the example.
        """
        return findings(self.record)

    def holes(self, count: int = 5) -> list[Hole]:
        """Prior samples in holes, gathered in clusters, the largest first: a large hole has several of them.

        Each `Hole` has the prior sample `z`, [D], its density `gap` log p(z) − log q(z) in nats, which far from all examples
        says only that it is far, the `share` of prior samples in its cluster, and the number of the `nearest` example, from 0.
        The shares add up to about the hole mass at most, for which 1% is a match. Raises UserError where many examples are
        copies: holes can't be told then.

        Example:
            >>> points = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0))
            >>> ring = LatentSpace(2 * points / points.norm(dim=1, keepdim=True))
            >>> hole = min(ring.holes(), key=lambda hole: hole.z.norm())
            >>> float(hole.z.norm()) < 1, hole.gap > 1
            (True, True)
        """
        if count < 1:
            raise UserError(f"Ask for at least one hole, not {count}.")
        if has_copies(self.record):
            raise UserError(of_examples(f"Holes can't be told: {copies_said(self.record)}. Leave the copies out."))
        draws = prior_samples(self.aggregated.prior, prior_count(len(self.aggregated)))
        found = find_holes(self.aggregated, draws, count)
        return [replace(hole, nearest=int(self.rows[hole.nearest])) for hole in found]

    # ---- in charts

    def map(
        self, color: str = "source", dimension: int = 0, points: int = 2000, neighbors: int = 15, min_dist: float = 0.1
    ) -> altair.Chart:
        """A map (UMAP) of prior samples and of samples of the posteriors, as a chart that Jupyter displays.

        Args:
            color: "source", "label", "length" (of the text), "gap" (the density gap), "dimension", or the name of a column.
            dimension: of the latent, from 0, which "dimension" shows.
            points: prior samples, and at most as many examples. 2,000 take about 10 s.
            neighbors: of UMAP: few show small structure, many show large.
            min_dist: of UMAP, from 0 to 1: the least distance of points on the map.

        Returns:
            The chart.

        Raises:
            UserError: there is no such color, label or text, or UMAP can't take the options.

        Example:
            >>> type(LatentSpace(torch.randn(50, 3)).map("gap", points=20)).__name__
            'Chart'
        """
        from dgvae.latent_space.charts import map_chart

        options = UmapOptions(neighbors, min_dist)
        return map_chart(self.measured, self.aggregated, self.name, (color, dimension), points, options)

    def slice(self, i: int, j: int) -> altair.HConcatChart:
        """q(z), p(z) and their gap over two dimensions, the others integrated out, as a chart that Jupyter displays.

        Args:
            i: the dimension on the x-axis, from 0.
            j: the dimension on the y-axis.

        Returns:
            Three charts side by side.

        Raises:
            UserError: there are no such two dimensions.

        Example:
            >>> type(LatentSpace(torch.randn(50, 3), torch.full((50, 3), -2.0)).slice(0, 1)).__name__
            'HConcatChart'
        """
        from dgvae.latent_space.charts import slice_charts

        return slice_charts(self.aggregated, (i, j), self.name)

    def serve(self, *others: LatentSpace, decoder: Callable[..., Any] | None = None, port: int | None = None) -> gradio.Blocks:
        """Open the page with this latent space, and with others to compare, and return at once; Jupyter shows the page.

        Args:
            others: with other names.
            decoder: a function z [S, D] → a list of texts, a list of PIL images, or an array of pictures, [S, H, W] or
                [S, H, W, C]: what it returns is shown wherever a point is read out.
            port: to serve on; the first free one from 7860 by default.

        Returns:
            The page, a `gradio.Blocks`; its `close()` ends it.

        Raises:
            UserError: two latent spaces have the same name, or the port is taken.
        """
        from dgvae.ui.serving import serve_spaces

        return serve_spaces([self, *others], decoder, port)

    # ---- in a file

    def save(self, path: str | Path) -> None:
        """Write what `load` reads. Raises UserError unless the name ends with .safetensors, .npz or .parquet.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     LatentSpace(torch.zeros(3, 2), labels=["a", "b", "a"]).save(f"{folder}/three.npz")
            ...     LatentSpace.load(f"{folder}/three.npz").classes
            {0: 'a', 1: 'b'}
        """
        write_contents(Path(path), self._contents)
