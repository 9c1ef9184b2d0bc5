"""Runs that differ by their seed alone, as one: means with the standard deviation over the seeds."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, stdev

from dgvae.evaluation.estimates import Estimate
from dgvae.evaluation.record import Record
from train.evaluate.card import OF_A_BUNDLE
from train.evaluate.report_table import Row

SEED = re.compile(r"-seed\d+$")


def over_seeds(rows: Sequence[Row]) -> list[Row]:
    """One row for all checkpoints of one config, corpus and training plan but for the seed, in the order of the first of each.

    Two checkpoints of one seed stay apart. The "error" of its figures is then the standard deviation over seeds, and not known
    where there is one seed. A figure that is not measured for all of them is left out.
    """
    families: list[list[Row]] = []
    for row in rows:
        same = next((family for family in families if _is_of(family, row)), None)
        if same is None:
            families.append([row])
        else:
            same.append(row)
    return [_average(family) for family in families]


def _is_of(family: list[Row], row: Row) -> bool:
    """Whether a row is one more seed of a family."""
    seeds = [each.record.training.get("seed") for each in family]
    return _plan(family[0]) == _plan(row) and row.record.training.get("seed") not in seeds


def _plan(row: Row) -> tuple:
    known = row.record.training
    happened = {"seed", "seconds_per_epoch", *OF_A_BUNDLE} | ({"epochs"} if "planned_epochs" in known else set())
    training = {name: value for name, value in known.items() if name not in happened}
    return SEED.sub("", row.name), row.config, row.record.corpus, row.record.evaluation.sha256, training


def _average(family: list[Row]) -> Row:
    first = family[0].record
    shared = [name for name in first.figures if all(name in row.record.figures for row in family)]
    figures = {name: _mean([row.record.figures[name].value for row in family]) for name in shared}
    record = Record(
        first.corpus, first.weights, first.evaluation, figures, dict(first.absent), dict(first.training),
        interpolation={
            side: [fmean(point) for point in zip(*(row.record.interpolation.get(side, []) for row in family), strict=False)]
            for side in first.interpolation
        },
    )  # fmt: skip
    count = f" ({len(family)} seeds)" if len(family) > 1 else ""
    return replace(family[0], name=SEED.sub("", family[0].name) + count, record=record)


def _mean(values: list[float]) -> Estimate:
    return Estimate(fmean(values), stdev(values) if len(values) > 1 else math.nan)
