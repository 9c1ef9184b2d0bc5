"""The package: what it exports, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dgvae


@pytest.mark.parametrize("name", dgvae.__all__)
def test_every_exported_name_is_there(name: str) -> None:
    assert getattr(dgvae, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        dgvae.nothing  # noqa: B018


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = "import sys, dgvae; print(sorted({'torch', 'numpy', 'gradio', 'transformers'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
