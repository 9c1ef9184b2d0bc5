"""An operator's decoder in the page: texts or pictures wherever text is decoded, and one sentence for whatever is wrong."""

from __future__ import annotations

import base64
import io
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from app import main
from dgvae import LatentSpace
from dgvae.errors import UserError
from dgvae.ui import own_decoder
from dgvae.ui.address import first_value
from dgvae.ui.map.tab import MapTab
from dgvae.ui.own_decoder import OwnDecoder, import_decoder
from dgvae.ui.pictures import MOST_SIDE, Picture, as_lines
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.interpolate import InterpolateTab
from dgvae.ui.tabs.sample import SampleTab
from dgvae.ui.tabs.slice import SliceTab
from dgvae.ui.tabs.tab import Tab

Z = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
TABS: list[type[Tab]] = [SampleTab, InterpolateTab, MapTab, SliceTab]
POINTS = {"from": "1", "to": "-1", "point": 5, "region": "A: -99, 99, -99, 99", "nearest": True}


def words(z: Tensor) -> list[str]:
    return [f"at <{row[0]:.1f}>" for row in z.tolist()]


def pictures(z: Tensor) -> Tensor:
    return torch.sigmoid(z[:, :1, None].expand(-1, 4, 6))


def opened(line: str) -> Image.Image:
    assert isinstance(line, Picture)
    return Image.open(io.BytesIO(base64.b64decode(line.removeprefix("data:image/png;base64,"))))


@pytest.mark.parametrize(
    ("decoded", "mode"),
    [
        (np.zeros((2, 4, 6)), "L"),
        (np.zeros((2, 4, 6, 1), np.float16), "L"),
        (np.zeros((2, 4, 6, 3), np.uint8), "RGB"),
        (np.zeros((2, 4, 6, 4), bool), "RGBA"),
        (torch.zeros(2, 3, 4, 6), "RGB"),  # channels first
        (list(torch.zeros(2, 4, 6, requires_grad=True)), "L"),
        ([Image.new("1", (6, 4))] * 2, "L"),
        ((Image.new("P", (6, 4)),) * 2, "RGB"),
    ],
)
def test_pictures_come_in_many_forms(decoded: Any, mode: str) -> None:
    for line in as_lines(decoded, 2):
        assert (opened(line).size, opened(line).mode) == ((6, 4), mode)


def test_floats_go_from_black_to_white_and_large_pictures_are_made_smaller() -> None:
    line = as_lines(np.array([[[0, 0.5, 1, 2, np.nan, -0.4]]]), 1)[0]  # a decoder without bounds leaves 0 to 1 somewhat
    assert [*opened(line).tobytes()] == [0, 128, 255, 255, 0, 0]
    assert max(opened(as_lines([Image.new("L", (3000, 9))], 1)[0]).size) == MOST_SIDE


@pytest.mark.parametrize(
    ("decoded", "said"),
    [
        (None, "returned NoneType, not a list of texts"),
        (["one"], "returned a list of length 1 for z of length 2; return one value for each latent."),
        (np.zeros((2, 4)), r"an array of the shape \[2, 4\]"),
        (np.zeros((2, 4, 6, 7)), "pictures of 7 channels"),
        (np.full((2, 4, 6), 255.0), "floats of up to 255, not from 0 to 1; divide them by 255"),
        (np.full((2, 4, 6), -1.0), r"floats from -1 to -1, not from 0 to 1; .* return \(x \+ 1\) / 2"),
        (torch.linspace(-9, 9, 48).view(2, 1, 4, 6), "floats from -9 to 9, not from 0 to 1; .* of logits the sigmoid"),
        (np.linspace(-20, 20, 48).reshape(2, 4, 6), "floats from -20 to 20, .* of logits the sigmoid"),
        ([np.zeros((2, 2)), np.zeros((3, 3))], "several sizes"),
        (["one", 2], "an array of the shape"),
        ("ab", "returned str"),
    ],
)
def test_what_is_neither_text_nor_picture_is_said(decoded: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        OwnDecoder(lambda _: decoded, "mine:decode").decode(Z)


def test_a_decoder_that_raises_or_exits_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[BaseException] = [ValueError("a\nb"), SystemExit(3), torch.OutOfMemoryError("of memory")]

    def decode(z: Tensor) -> list[str]:
        if faults:
            raise faults.pop(0)
        return words(z)

    decoder = OwnDecoder(decode, "mine:decode")
    for said in ("ValueError: a b", "SystemExit: 3", "of memory"):
        with pytest.raises(UserError, match=f"^The decoder mine:decode failed .*{said}.*; see the app's log.$"):
            decoder.decode(Z)
    assert decoder.decode(Z) == ["at <0.0>", "at <2.0>"]


def test_a_slow_decoder_is_given_up_and_answers_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    go, asked = threading.Event(), []

    def decode(z: Tensor) -> list[str]:
        asked.append(len(z))
        go.wait(30)
        return words(z)

    decoder = OwnDecoder(decode, "mine:decode")
    with monkeypatch.context() as patched:
        patched.setattr(own_decoder, "MOST_SECONDS", 0.01)
        for _ in range(2):
            with pytest.raises(UserError, match="mine:decode has not answered for 0 s"):
                decoder.decode(Z)
    go.set()
    assert decoder.decode(Z[:1]) == ["at <0.0>"]
    assert asked == [2, 1]  # what nobody waited for any more was not decoded


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module in the working directory."""
    (tmp_path / "my_decoder.py").write_text("class Of:\n    decode = staticmethod(lambda z: ['x'] * len(z))\nnumber = 1\n")
    (tmp_path / "my_fault.py").write_text("import nowhere_at_all\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield "my_decoder"
    for name in ("my_decoder", "my_fault"):
        sys.modules.pop(name, None)


def test_it_is_imported_from_the_working_directory(module: str) -> None:
    assert import_decoder(f"{module}:Of.decode").decode(Z) == ["x", "x"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("my_decoder", "takes module:function"),
        ("my_decoder:", "takes module:function"),
        ("my_decoder:number", "is int, not a function"),
        ("my_decoder:none", "has no none"),
        ("not_there.at_all:f", "There is no module not_there.at_all"),
        ("my_fault:f", "can't be imported .*nowhere_at_all"),
    ],
)
def test_what_can_not_be_imported_is_said(text: str, said: str, module: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        import_decoder(text)
    assert "\n" not in str(caught.value)


def test_it_needs_a_file_of_latents(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--decoder", "my_decoder:f"]) == 2
    assert "--decoder is for the latents of --latents" in capsys.readouterr().err


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Three files of the same latents: decoded to text, to pictures, and not at all, for a fault."""
    mean = torch.randn(200, 2, generator=torch.Generator().manual_seed(0)).abs()
    path = tmp_path_factory.mktemp("latents") / "digits.npz"
    LatentSpace(mean, torch.full_like(mean, -3.0)).save(path)
    made = Shelf(path.parent / "none")
    decoders: dict[str, Callable[[Tensor], Any]] = {"words": words, "pictures": pictures, "faulty": lambda z: 1 / 0}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dgvae.ui.own_latents.MAP_POINTS", 60)
        for name, decode in decoders.items():
            made.add_latents(path, name, OwnDecoder(decode, f"mine:{name}"))
    return made


@pytest.mark.parametrize("kind", TABS, ids=lambda kind: kind.key)
def test_every_tab_shows_what_is_decoded(kind: type[Tab], shelf: Shelf) -> None:
    with gr.Blocks():
        tab = kind(shelf, gr.Dropdown(), gr.Dropdown())
    fields = {key: POINTS.get(key, first_value(field)) for key, field in tab.fields.items()}

    def drawn(a: str, b: str) -> str:
        return "".join(part for part in tab.draw(a, b, **fields) if isinstance(part, str))

    said = drawn("words", "pictures")
    assert "at &lt;" in said
    assert "<img class='decoded' alt='decoded picture' src='data:image/png;base64," in said
    assert "at <" not in said
    assert "The decoder mine:faulty failed (ZeroDivisionError: division by zero)" in drawn("faulty", "words")


def test_a_hole_shows_a_picture_and_the_sidebar_names_the_decoder(shelf: Shelf) -> None:
    with gr.Blocks():
        tab = MapTab(shelf, gr.Dropdown(), gr.Dropdown())
    said, number, read, *_ = tab.show_hole("A", "pictures", "words", "euclidean", "")
    assert number < 0
    assert "nearest example is number" in said
    assert "<img" in said
    assert "<img" in read
    assert shelf.get("pictures").model.config.row.summary == "latents from a file, with a decoder"
