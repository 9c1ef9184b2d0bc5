"""The charts' script where it can't be stored."""

import errno
from pathlib import Path

import gradio as gr
import pytest

from dgvae.ui.vega import chart as vega_chart
from dgvae.ui.vega.chart import VegaChart


def test_a_full_disk_is_named_and_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "cache" / "vega.js"
    monkeypatch.setattr(vega_chart, "bundle_path", lambda: script)
    monkeypatch.setattr(vega_chart, "_script", lambda: "script")
    write = Path.write_text

    def full(path: Path, text: str, **options: str) -> int:
        write(path, text[:3], **options)
        raise OSError(errno.ENOSPC, "No space left on device")

    chart = VegaChart()
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(gr.Error, match="No space left on device") as caught:
        chart.postprocess({"mark": "point"})
    assert str(tmp_path) not in caught.value.message
    assert not [*script.parent.iterdir()]
    monkeypatch.setattr(Path, "write_text", write)
    assert chart.postprocess({"mark": "point"}) == '{"mark":"point"}'
    assert script.read_text() == "script"
