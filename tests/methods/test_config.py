"""A config is checked where it enters: types, ranges, method, unknown fields."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dgvae.errors import UserError
from dgvae.methods.config import TextVAEConfig
from dgvae.methods.table import METHODS, VARIANTS, method_and_options, methods_table
from dgvae.model.decoder import DECODERS
from dgvae.model.heads import HEADS
from dgvae.posteriors import POSTERIORS
from dgvae.regularizers import REGULARIZERS
from tests.docs.tables import short_methods
from train.fit import main as fit
from train.run.schedules import SCHEDULES


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
        ({"method": "vmf-vae", "latent_dim": 1}, "latent_dim must be 2 at least for vmf-vae"),
        ({"options": {"estimator": "guess"}}, "monte-carlo or gauss-hermite, not 'guess'"),
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


def test_the_readme_and_the_page_of_methods_list_every_method() -> None:
    root = Path(__file__).parents[2]
    assert short_methods() in (root / "README.md").read_text(encoding="utf-8")
    assert methods_table() in (root / "docs/methods.md").read_text(encoding="utf-8")


def test_a_variant_is_a_method_with_an_option_set() -> None:
    assert method_and_options("bn-vae-1.2") == ("bn-vae", {"gamma": 1.2})
    assert method_and_options("dg-vae-b4") == ("dg-vae", {"aggregation_size": 4})
    assert method_and_options("fb-vae-16") == ("fb-vae", {"free_bits": 16})
    assert method_and_options("vmf-vae-50") == ("vmf-vae", {"kappa": 50})
    for name, (method, options) in VARIANTS.items():
        TextVAEConfig(method, vocab_size=100, options=options)
        assert name not in METHODS


def test_titles_tell_variants_apart() -> None:
    def title(name: str) -> str:
        method, options = method_and_options(name)
        return TextVAEConfig(method, vocab_size=100, options=options).title

    assert title("beta-vae-0.1") == "β-VAE (β = 0.1)"
    assert (title("dg-vae"), title("dg-vae-b4"), title("vae")) == ("DG-VAE", "DG-VAE (|b| = 4)", "VAE")
    assert len({title(name) for name in VARIANTS}) == len(VARIANTS)


def test_every_row_names_what_there_is() -> None:
    for row in METHODS.values():
        assert row.posterior in POSTERIORS
        assert row.head in HEADS
        assert row.regularizer in REGULARIZERS
        assert row.decoder in DECODERS
        assert row.schedule in SCHEDULES
        assert row.initialization in ("random", "autoencoder")


def test_the_list_names_every_method_option_and_variant(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        fit(["--list"])
    printed = capsys.readouterr().out
    assert all(f"{method.id} " in printed and method.source in printed for method in METHODS.values())
    assert all(f"--set {option}=" in printed for method in METHODS.values() for option in method.options)
    assert all(name in printed for name in VARIANTS)
