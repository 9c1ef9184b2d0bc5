"""A config is checked where it enters: types, ranges, method, unknown fields."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dgvae.config import TextVAEConfig
from dgvae.errors import UserError
from dgvae.methods import METHODS, methods_table


@pytest.mark.parametrize("method", METHODS)
def test_round_trip(method: str, tmp_path: Path) -> None:
    config = TextVAEConfig(method=method, vocab_size=100, hidden_dim=7)
    config.to_json(tmp_path / "config.json")
    assert TextVAEConfig.from_json(tmp_path / "config.json") == config


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"latent_dim": "abc"}, "latent_dim must be a whole number"),
        ({"latent_dim": 0}, "latent_dim must lie between"),
        ({"hidden_dim": 1.5}, "hidden_dim must be a whole number"),
        ({"embedding_dim": True}, "embedding_dim must be a whole number"),
        ({"dropout": float("nan")}, "dropout must lie between"),
        ({"method": "no-vae"}, "choose one of vae"),
        ({"method": 3}, "method must be a string"),
        ({"surprise": 1}, "unknown fields: surprise"),
        ({"options": {"beta": 2}}, "has no option 'beta'; its options: aggregation_size"),
        ({"options": {"samples": 0}}, "from 1 to 1024"),
        ({"options": {"samples": 2.5}}, "a whole number"),
        ({"options": [1]}, "options must be an object"),
    ],
)
def test_a_wrong_value_is_named(change: dict, said: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"method": "dg-vae", "vocab_size": 100, **change}))
    with pytest.raises(UserError, match=said):
        TextVAEConfig.from_json(path)


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00", '{"method": "vae"}'])
def test_what_is_no_config_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"config\.json"):
        TextVAEConfig.from_json(path)


def test_the_readme_lists_every_method() -> None:
    readme = Path(__file__).parent.parent / "README.md"
    assert methods_table() in readme.read_text(encoding="utf-8")
