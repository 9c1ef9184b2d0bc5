"""Attribute arithmetic: the direction in latent space in which a label changes (Mikolov et al. 2013; White 2016)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from dgvae.checkpoint.latents import Latents
from dgvae.errors import UserError
from dgvae.text.corpora import label_name


def attribute_direction(latents: Latents, absent: int = 0, present: int = 1) -> Tensor:
    """The direction in latent space from one label to the other: the difference of their mean posterior means.

    Args:
        latents: of a checkpoint.
        absent: the label from which the direction goes.
        present: the label to which it goes.

    Returns:
        [D].

    Raises:
        UserError: a label has no sentence.
    """
    means = []
    for label in (present, absent):
        labeled = latents.labels == label
        if not labeled.any():
            raise UserError(f"There is no direction: no encoded sentence has the label {label}.")
        means.append(latents.posterior.location[labeled].mean(0))
    return means[0] - means[1]


def names_of_labels(latents: Latents, classes: Mapping[int, str]) -> dict[int, str]:
    """The labels that encoded sentences have, in their order, and what they are called."""
    return {label: label_name(label, classes) for label in latents.labels.unique().tolist() if label >= 0}


def choose_labels(names: Mapping[int, str], absent: str = "", present: str = "") -> tuple[int, int]:
    """The two labels between which to move; by default from the first to the last.

    Args:
        names: of all labels, by their numbers.
        absent: name of the label to start from, or its number where no name is one.
        present: likewise of the label to go to.

    Returns:
        The numbers of both.

    Raises:
        UserError: there is no such label, or both are the same.
    """
    if len(names) < 2:
        return 0, 1  # for which `attribute_direction` says what is missing
    end = _find(names, present) if present.strip() else None
    start = _find(names, absent) if absent.strip() else next(label for label in names if label != end)
    if end is None:
        end = next(label for label in reversed([*names]) if label != start)
    if start == end:
        raise UserError(f"Choose two different labels: both are {names[start]}.")
    return start, end


def _find(names: Mapping[int, str], text: str) -> int:
    text = text.strip()
    called = {name: label for label, name in names.items()}
    if not any(map(_is_number, names.values())):  # of the classes −1, 0 and 1 the label 0 is called -1
        called = {str(label): label for label in names} | called
    if text in called:
        return called[text]
    shown = ", ".join([*names.values()][:10]) + (" …" if len(names) > 10 else "")
    raise UserError(f"No encoded sentence has the label {text[:40]!r}; there are {shown}.")


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
