"""The examples in the docstrings of what people import from `dgvae` run, and print what they say."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
import torch

import dgvae

EXPORTS = [name for name in dgvae.__all__ if name != "__version__"]


@pytest.mark.parametrize("name", EXPORTS)
def test_the_example_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])  # examples name the bundled checkpoints
    torch.manual_seed(0)
    examples = [test for test in doctest.DocTestFinder(recurse=False).find(getattr(dgvae, name), name) if test.examples]
    assert examples, f"{name} has no example"
    said: list[str] = []
    for test in examples:
        doctest.DocTestRunner().run(test, out=said.append)
    assert not said, "".join(said)
