"""LatentSpace.serve: the page with spaces that are in memory, which goes on while a notebook does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from gradio_client import Client

from dgvae import LatentSpace
from dgvae.errors import UserError


def space(name: str, left: float) -> LatentSpace:
    mean = torch.randn(200, 2, generator=torch.Generator().manual_seed(0)).clamp_min(left)
    return LatentSpace(mean, torch.full_like(mean, -3.0), name=name)


@pytest.fixture(autouse=True)
def small_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dgvae.ui.own_latents.MAP_POINTS", 40)


def test_the_page_shows_the_spaces_and_what_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = space("half", 0.0).serve(space("whole", -9.0), decoder=lambda z: [f"{len(row)} numbers" for row in z])
    try:
        client = Client(str(page.local_url), verbose=False)
        assert [model["name"] for model in client.predict(api_name="/models")] == ["half", "whole"]
        assert client.predict("half", 1, api_name="/sample")[0]["text"] == "2 numbers"
        assert client.predict("half", 1, api_name="/holes")[0]["text"] == "2 numbers"
    finally:
        page.close()
    assert not [*tmp_path.iterdir()]


def test_two_spaces_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="two latent spaces called half"):
        space("half", 0.0).serve(space("half", 0.0))


def test_a_program_gets_pictures_as_addresses_and_a_port_that_is_taken_is_said() -> None:
    page = space("half", 0.0).serve(decoder=lambda z: z[:, :, None])
    try:
        texts = Client(str(page.local_url), verbose=False).predict("half", [[0.0, 1.0]], api_name="/decode")
        assert texts[0].startswith("data:image/png;base64,")
        with pytest.raises(UserError, match=r"\(Cannot find empty port in range: [\d-]+\); choose another port\.$"):
            space("half", 0.0).serve(port=page.server_port)
    finally:
        page.close()
