"""Beginning with the weights of a trained checkpoint, whatever method trained it: `train.fit --init-from`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from dgvae.checkpoint.checkpoint import weights_sha256
from dgvae.checkpoint.discover import tokenizer_path
from dgvae.checkpoint.hub import download_checkpoint, parse_repository
from dgvae.errors import UserError
from dgvae.methods.config import CONFIG_FILE, TextVAEConfig
from dgvae.model.heads import GaussianHead
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import DiagonalGaussian
from dgvae.text.batch import Batch, longest_first, read
from dgvae.text.tokenizer import UNKNOWN, WordTokenizer

SIZES = ("embedding_dim", "hidden_dim", "latent_dim")
TRAINING_ONLY = "decoder.bag_of_words."  # weights that no likelihood needs
FITTED = 4096  # sentences on which a head is fitted
MOST_UNKNOWN = 0.5


def read_initial(source: str) -> tuple[TextVAE, WordTokenizer]:
    """Model and vocabulary of a checkpoint folder, or of a checkpoint on the Hub (owner/name). Raises UserError."""
    folder = _folder_of(source)
    return TextVAE.from_pretrained(folder), WordTokenizer.load(tokenizer_path(folder))


def title_and_weights(source: str) -> str:
    """The title and the weights of what `read_initial` reads, for the record of the run."""
    folder = _folder_of(source)
    return f"{TextVAEConfig.from_json(folder / CONFIG_FILE).title}, sha256 {weights_sha256(folder)}"


def _folder_of(source: str) -> Path:
    folder = Path(source)
    if folder.is_dir():
        return folder
    try:
        repository = parse_repository(source)
    except UserError:
        raise UserError(f"--init-from {source} is neither a checkpoint folder nor a checkpoint on the Hub.") from None
    return download_checkpoint(*repository)


def check_initial(source: str, initial: TextVAE, tokenizer: WordTokenizer, config: TextVAEConfig, text: Sequence[str]) -> None:
    """Check that training can begin with the weights of another checkpoint.

    Args:
        source: what the user calls it.
        initial: its model.
        tokenizer: its vocabulary.
        config: of the model to be trained.
        text: the training sentences.

    Raises:
        UserError: the weights do not fit the config, or the vocabulary does not fit the text.
    """
    flags = {name.replace("_", "-"): name for name in SIZES if getattr(initial.config, name) != getattr(config, name)}
    if flags:
        has = ", ".join(f"{flag} {getattr(initial.config, name)}, not {getattr(config, name)}" for flag, name in flags.items())
        give = " ".join(f"--{flag} {getattr(initial.config, name)}" for flag, name in flags.items())
        raise UserError(f"{source} has {has}; give {give}.")
    theirs, ours = initial.config.row, config.row
    if theirs.posterior != ours.posterior:
        raise UserError(
            f"{source} has {theirs.posterior} posteriors and {ours.title} {ours.posterior} ones; choose another method."
        )
    if theirs.head != ours.head and ours.head != "plain":
        raise UserError(f"{ours.title} can start only from weights of its own kind, and {source} is of {theirs.title}.")
    if {theirs.decoder, ours.decoder} not in ({theirs.decoder}, {"plain", "bow"}):
        raise UserError(f"{source}, of {theirs.title}, has another decoder than {ours.title}; choose another method.")
    ids = tokenizer.encode_all(text, config.max_length)
    words = sum(len(sentence) - 1 for sentence in ids)
    unknown = sum(sentence.count(UNKNOWN) for sentence in ids) / max(1, words)
    if unknown > MOST_UNKNOWN:
        raise UserError(
            f"{source} does not know {unknown:.0%} of the words of this text; start from a checkpoint that was "
            "trained on similar text."
        )


def take_weights(model: TextVAE, initial: TextVAE, tokenizer: WordTokenizer, text: Sequence[str]) -> None:
    """Take the weights of another model. A plain head takes the place of another by least squares over some sentences.

    Args:
        model: gets the weights.
        initial: has them.
        tokenizer: of both.
        text: the training sentences.
    """
    weights = {name: x for name, x in initial.state_dict().items() if not name.startswith(TRAINING_ONLY)}
    other_head = initial.config.row.head != model.config.row.head
    if other_head:
        weights = {name: x for name, x in weights.items() if not name.startswith("encoder.head.")}
    model.load_state_dict(weights, strict=False)
    if other_head:
        head = model.encoder.head
        assert isinstance(head, GaussianHead)
        ids = tokenizer.encode_all(text[:FITTED], initial.config.max_length)
        head.weight.data.copy_(plain_head(initial, ids))


@torch.no_grad()
def plain_head(initial: TextVAE, sentences: list[list[int]]) -> Tensor:
    """The weights, [2D, H], with which a plain head comes nearest to μ and log σ² that another makes of the same states."""
    order = longest_first(torch.tensor([len(sentence) for sentence in sentences]))
    batch = Batch.padded([sentences[i] for i in order.tolist()], initial.device)
    outputs, (state, _) = read(initial.encoder.lstm, initial.encoder.embedding(batch.words), batch)
    states = state[-1] if batch.last is None else outputs.flatten(0, 1).index_select(0, batch.last)  # [B, H]
    posterior = initial.encoder.head(states)
    assert isinstance(posterior, DiagonalGaussian)
    wanted = torch.cat([posterior.mean, posterior.log_var], dim=-1)  # [B, 2D]
    return torch.linalg.lstsq(states.double(), wanted.double()).solution.T.float()
