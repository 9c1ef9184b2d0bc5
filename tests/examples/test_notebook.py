"""The notebook runs from the first cell to the last, and is kept without outputs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

if os.environ.get("CI") != "true":
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "examples/latent_space.ipynb"


@pytest.mark.slow
def test_the_notebook_runs_and_displays_charts() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    resources = {"metadata": {"path": str(NOTEBOOK.parents[1])}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()
    said = "".join(output.get("text", "") for cell in code for output in cell.outputs)
    assert "fault: Holes: " in said
    assert "hole_mass" in said
    assert "LatentSpace('rings', 1000 examples, 3 dimensions)" in said
    displayed = [output.get("data", {}).get("text/html", "") for cell in code for output in cell.outputs]
    assert sum("vega-lite" in html for html in displayed) == 2
