"""The model: losses against a plain computation, every method saved and loaded, batches that agree with single sentences."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from dgvae.errors import UserError
from dgvae.methods.config import TextVAEConfig
from dgvae.methods.table import METHODS, VARIANTS, method_and_options
from dgvae.model.decoder import BagOfWordsDecoder
from dgvae.model.dropout import dropout
from dgvae.model.text_vae import WEIGHTS_FILE, TextVAE
from dgvae.regularizers import build_regularizer
from dgvae.text.tokenizer import END, START
from train.run.loop import Plan, Run, training_step


def model(method: str = "vae") -> TextVAE:
    torch.manual_seed(0)
    return TextVAE(TextVAEConfig(method, vocab_size=30, embedding_dim=6, hidden_dim=8, latent_dim=4)).eval()


def sentences(count: int = 5, words: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.cat([torch.randint(4, 30, (count, words), generator=generator), torch.full((count, 1), END)], dim=1)


@pytest.mark.parametrize("method", METHODS)
def test_save_then_load_gives_equal_outputs(method: str, tmp_path: Path) -> None:
    vae = model(method)
    vae.save_pretrained(tmp_path)
    again = TextVAE.from_pretrained(tmp_path)
    assert again.config == vae.config
    assert not again.training
    batch = sentences()
    torch.manual_seed(1)
    posterior = vae.encode(batch)
    torch.manual_seed(1)
    other = again.encode(batch)
    assert posterior.tensors().keys() == other.tensors().keys()
    assert all(torch.equal(mine, other.tensors()[name]) for name, mine in posterior.tensors().items())
    z = posterior.rsample()
    for mine, theirs in zip(
        vae.decoder.negative_log_likelihood(batch, z), again.decoder.negative_log_likelihood(batch, z), strict=True
    ):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize("method", METHODS)
def test_in_8_bits_a_model_says_nearly_the_same(method: str, tmp_path: Path) -> None:
    vae = model(method)
    vae.save_pretrained(tmp_path, torch.int8)
    again = TextVAE.from_pretrained(tmp_path)
    for name, weight in vae.named_parameters():
        if not name.startswith("decoder.bag_of_words."):  # which only training needs
            error = (again.get_parameter(name) - weight).abs()
            assert (error <= weight.abs().amax(-1, keepdim=True) / 253).all()
    batch = sentences()
    z = vae.prior.project(torch.ones(len(batch), 4))
    (mine, _), (theirs, _) = (m.decoder.negative_log_likelihood(batch, z) for m in (vae, again))
    assert float(theirs) == pytest.approx(float(mine), rel=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_every_weight_gets_a_finite_gradient(method: str) -> None:
    vae = model(method).train()
    regularizer = build_regularizer(vae.config).train()
    batch = sentences(40)
    posterior = vae.encode(batch)
    z = posterior.rsample()
    nll, _ = vae.decoder.negative_log_likelihood(batch, z)
    auxiliary = vae.decoder.auxiliary_loss(batch, z)
    (nll / len(batch) + vae.config.regularizer_weight * regularizer(posterior, z) + auxiliary).backward()
    for name, parameter in vae.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("method", [*METHODS, *VARIANTS])
def test_twenty_steps_lower_the_loss(method: str) -> None:
    """At full weight, on one batch; the critics' own losses are games and need not fall."""
    method_id, options = method_and_options(method)
    torch.manual_seed(0)
    config = TextVAEConfig(method_id, vocab_size=30, embedding_dim=6, hidden_dim=16, latent_dim=4, dropout=0.0, options=options)
    run = Run(TextVAE(config), build_regularizer(config), Plan(1, 40, 1e-2, 0, 1, 0))
    batch = sentences(40)
    steps = [training_step(run, batch, config.regularizer_weight) for _ in range(20)]
    losses = [config.regularizer_weight * float(regularizer) - float(nll) for nll, regularizer, _ in steps]
    assert sum(losses[-3:]) < sum(losses[:3])
    assert all(math.isfinite(loss) for loss in losses)


def test_the_bag_of_words_is_counted_in_training_only() -> None:
    """Its loss is the words' own cross-entropy without `</s>`, and no likelihood changes with it."""
    vae, batch, z = model("bow-vae"), sentences(), torch.randn(5, 4)
    assert isinstance(vae.decoder, BagOfWordsDecoder)
    logits = vae.decoder.bag_of_words(z)
    expected = sum(F.cross_entropy(logits[i], word) for i, row in enumerate(batch) for word in row if word != END) / 5
    torch.testing.assert_close(vae.decoder.auxiliary_loss(batch, z), expected)
    before, _ = vae.decoder.negative_log_likelihood(batch, z)
    for parameter in vae.decoder.bag_of_words.parameters():
        torch.nn.init.normal_(parameter)
    after, _ = vae.decoder.negative_log_likelihood(batch, z)
    assert torch.equal(before, after)
    assert float(model("vae").decoder.auxiliary_loss(batch, z)) == 0


def test_the_latent_reaches_the_skip_decoders_output_past_the_lstm() -> None:
    vae, z = model("skip-vae"), torch.randn(5, 4)
    words, state = torch.full((5,), START), vae.decoder.initial_state(torch.zeros(5, 4))
    with torch.no_grad():
        vae.decoder.lstm.get_parameter("weight_ih_l0").zero_()  # deaf to word and latent
        logits = [vae.decoder.next_word_logits(words, latent, state)[0] for latent in (z, torch.zeros_like(z))]
    torch.testing.assert_close(logits[0] - logits[1], z @ vae.decoder.output.weight[:, -4:].T)


@pytest.mark.parametrize("method", ["vae", "skip-vae", "bow-vae"])
def test_the_likelihood_is_that_of_decoding_word_by_word(method: str) -> None:
    vae, batch, z = model(method), sentences(), torch.randn(5, 4)
    total, per_sentence = vae.decoder.negative_log_likelihood(batch, z)
    state, word, expected = vae.decoder.initial_state(z), torch.full((5,), START), torch.zeros(5)
    for target in batch.T:
        logits, state = vae.decoder.next_word_logits(word, z, state)
        expected += F.cross_entropy(logits, target, reduction="none")
        word = target
    torch.testing.assert_close(per_sentence, expected)
    torch.testing.assert_close(total, expected.sum())


def test_sentences_of_any_length_are_encoded_in_their_order() -> None:
    vae = model()
    rows = [row[-length:].tolist() for row, length in zip(sentences(6), (3, 1, 7, 3, 5, 3), strict=True)]
    together = vae.encode_all(rows, batch_size=2)
    for i, row in enumerate(rows):
        alone = vae.encode(torch.tensor([row]))
        for name, tensor in together.tensors().items():
            torch.testing.assert_close(tensor[i], alone.tensors()[name][0])


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_zeroes_its_share_and_keeps_the_mean(p: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(500, 401, requires_grad=True)
    dropped = dropout(x, p, training=True)
    assert float((dropped == 0).float().mean()) == pytest.approx(p, abs=0.01)
    assert float(dropped.detach().mean()) == pytest.approx(1, abs=0.02)
    dropped.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, dropped.detach())
    assert dropout(x, p, training=False) is x
    # each of the eight bytes of a random word is as good as the others
    share = (dropped.detach().flatten()[:200_000].view(-1, 8) == 0).float().mean(0)
    torch.testing.assert_close(share, torch.full((8,), float(share.mean())), atol=0.02, rtol=0)


def test_half_precision_weights_are_loaded_as_fp32(tmp_path: Path) -> None:
    vae = model()
    vae.save_pretrained(tmp_path, dtype=torch.float16)
    assert {x.dtype for x in load_file(tmp_path / "model.safetensors").values()} == {torch.float16}
    weight = TextVAE.from_pretrained(tmp_path).decoder.output.weight
    assert weight.dtype == torch.float32
    assert torch.equal(weight, vae.decoder.output.weight.half().float())


def test_an_implicit_head_of_an_older_checkpoint_has_no_noise_beside_its_network(tmp_path: Path) -> None:
    torch.manual_seed(0)
    written = model("ivae-mi")
    written.encoder.head.noise_weight.zero_()  # pyright: ignore[reportCallIssue]
    written.save_pretrained(tmp_path)
    tensors = load_file(tmp_path / WEIGHTS_FILE)
    del tensors["encoder.head.noise_weight"]
    save_file(tensors, tmp_path / WEIGHTS_FILE)
    read = TextVAE.from_pretrained(tmp_path)
    draws = []
    for version in (written.eval(), read):
        torch.manual_seed(1)
        with torch.no_grad():
            draws.append(version.encode(sentences()).rsample())
    torch.testing.assert_close(*draws)


def change_config(folder: Path, **change: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


def truncate(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def drop_a_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.head.weight"]
    save_file(weights, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (truncate, "model.safetensors is broken"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\x80\x04pickle"), "model.safetensors is broken"),
        (lambda folder: (folder / "model.safetensors").unlink(), "model.safetensors is missing"),
        (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
        (lambda folder: change_config(folder, hidden_dim=9), "does not fit its config.json"),
        (lambda folder: change_config(folder, hidden_dim=16384), "does not fit its config.json"),
        (lambda folder: change_config(folder, latent_dim="abc"), "latent_dim must be a whole number"),
        (drop_a_weight, "encoder.head.weight"),
    ],
)
def test_a_broken_folder_is_named_in_one_sentence(fault, said: str, tmp_path: Path) -> None:
    model().save_pretrained(tmp_path)
    fault(tmp_path)
    with pytest.raises(UserError) as error:
        TextVAE.from_pretrained(tmp_path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
