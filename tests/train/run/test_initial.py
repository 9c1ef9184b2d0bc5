"""Beginning with a checkpoint's weights: what they then say, and which do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dgvae.checkpoint.checkpoint import CARD_FILE, weights_sha256
from dgvae.files.atomic import read_json
from dgvae.methods.config import TextVAEConfig
from dgvae.methods.table import METHODS
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import DiagonalGaussian
from dgvae.text.batch import Batch
from dgvae.text.corpora import read_split
from dgvae.text.tokenizer import WordTokenizer
from tests.conftest import small_run
from train.fit import main as fit
from train.run.initial import plain_head, take_weights

GAUSSIAN = [m.id for m in METHODS.values() if m.posterior == "gaussian" and m.decoder != "skip"]


def small(method: str, **options: float) -> TextVAE:
    torch.manual_seed(0)
    sizes = {"embedding_dim": 6, "hidden_dim": 16, "latent_dim": 3}
    return TextVAE(TextVAEConfig(method, vocab_size=30, **sizes, options=options)).eval()  # pyright: ignore[reportArgumentType]


def test_a_batch_norms_posteriors_are_kept_by_a_plain_head() -> None:
    """γ, shift and running statistics are folded into the weights, as well as a head without bias can."""
    initial = small("bn-vae", gamma=1.2)
    texts = [[*torch.randint(4, 30, (k % 9 + 2,)).tolist(), 3] for k in range(400)]
    initial.train()
    for _ in range(20):
        initial.encode(Batch.padded(sorted(texts, key=len, reverse=True)))
    initial.eval()
    with torch.no_grad():
        initial.encoder.head.get_parameter("shift").copy_(torch.tensor([0.5, -0.5, 0.0]))
        model = small("mdg-vae")
        model.load_state_dict({k: v for k, v in initial.state_dict().items() if "head" not in k}, strict=False)
        model.encoder.head.get_parameter("weight").copy_(plain_head(initial, texts))
    mine, theirs = model.encode_all(texts), initial.encode_all(texts)
    assert isinstance(mine, DiagonalGaussian)
    assert isinstance(theirs, DiagonalGaussian)
    rest = (mine.mean - theirs.mean).square().mean(0) / theirs.mean.square().mean(0)
    assert float(rest.max()) < 0.02


def test_weights_of_the_same_shape_are_copied() -> None:
    initial, model = small("bow-vae"), small("mdg-vae")
    for parameter in initial.parameters():
        torch.nn.init.normal_(parameter)
    take_weights(model, initial, None, [])  # pyright: ignore[reportArgumentType]
    for name, x in model.state_dict().items():
        assert torch.equal(x, initial.state_dict()[name])


@pytest.mark.parametrize("method", GAUSSIAN)
def test_a_run_begins_with_a_checkpoint_of_any_method_with_such_posteriors(
    method: str, corpus: Path, checkpoints: Path, tmp_path: Path
) -> None:
    source = checkpoints / "short-yelp" / method
    out = tmp_path / "healed"
    arguments = small_run(corpus, out, "--method", "mdg-vae", "--set", "memory=64", "--set", "aggregation_size=32")
    assert fit([*arguments, "--init-from", str(source), "--epochs", "1", "--learning-rate", "0"]) == 0
    assert read_json(out / "run.json")["warmup_epochs"] == 0
    before, after = TextVAE.from_pretrained(source), TextVAE.from_pretrained(out)
    assert torch.equal(before.decoder.output.weight, after.decoder.output.weight)
    tokenizer = WordTokenizer.load(out / "tokenizer.json")
    sentences = tokenizer.encode_all(read_split(corpus / "short-yelp" / "test.txt").sentences, 64)
    mine, theirs = after.encode_all(sentences), before.encode_all(sentences)
    assert (
        torch.corrcoef(torch.stack([mine.location.flatten(), theirs.location.flatten()]))[0, 1] > 0.7
    )  # a δ-VAE's means are bent


def refusal(corpus: Path, out: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert fit(small_run(corpus, out, *more)) == 2
    assert not (out / "run.json").exists()
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    return message


def test_weights_that_do_not_fit_are_refused_in_a_sentence(corpus: Path, checkpoints: Path, tmp_path: Path, capsys) -> None:
    shelf, out = checkpoints / "short-yelp", tmp_path / "out"
    mdg = ("--method", "mdg-vae", "--set", "aggregation_size=32", "--init-from")
    assert "vmf posteriors and MDG-VAE gaussian ones" in refusal(corpus, out, capsys, *mdg, str(shelf / "vmf-vae"))
    assert "hidden-dim 16, not 20, latent-dim 4, not 5; give --hidden-dim 16 --latent-dim 4." in refusal(
        corpus, out, capsys, *mdg, str(shelf / "vae"), "--hidden-dim", "20", "--latent-dim", "5"
    )
    assert "another decoder" in refusal(corpus, out, capsys, *mdg, str(shelf / "skip-vae"))
    assert "own kind" in refusal(corpus, out, capsys, "--method", "bn-vae", "--init-from", str(shelf / "vae"))
    assert "neither a checkpoint folder nor" in refusal(corpus, out, capsys, *mdg, "no such/place/at all")


def test_a_text_of_other_words_is_refused(checkpoints: Path, tmp_path: Path, capsys) -> None:
    text = tmp_path / "other.txt"
    text.write_text("\n".join(f"word{i} word{i + 1} word{i % 7} ." for i in range(200)) + "\n")
    arguments = [
        "--train-file",
        str(text),
        "--init-from",
        str(checkpoints / "short-yelp" / "vae"),
        "--out",
        str(tmp_path / "out"),
    ]
    assert fit([*arguments, "--embedding-dim", "12", "--hidden-dim", "16", "--latent-dim", "4", "--batch-size", "32"]) == 2
    assert "does not know" in capsys.readouterr().err


def test_the_card_says_with_what_a_run_began(
    corpus: Path, checkpoints: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = checkpoints / "short-yelp" / "vae", tmp_path / "healed"
    arguments = small_run(corpus, out, "--method", "dg-vae", "--init-from", str(source))
    assert fit([*arguments, "--epochs", "1", "--max-vocab", "9"]) == 0
    assert f"The vocabulary is that of {source}; --max-vocab and --min-count are not used." in capsys.readouterr().out
    assert fit(["--resume", "--out", str(out), "--epochs", "2"]) == 0
    card = (out / CARD_FILE).read_text(encoding="utf-8")
    assert f"It began with the weights of VAE, sha256 {weights_sha256(source)}" in card
    assert "--init-from INITIAL" in card
    assert str(source) not in card
