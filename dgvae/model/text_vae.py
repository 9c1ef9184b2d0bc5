"""TextVAE: encoder → posterior → decoder, and how it is written to disk.

Weights are safetensors, loaded strictly into a model whose config was checked. `huggingface_hub.PyTorchModelHubMixin` is not
used: it unpickles a `.bin` where it finds no safetensors, and drops config fields that it doesn't know.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from dgvae.errors import UserError
from dgvae.files.eight_bits import restored, with_rows_in_8_bits
from dgvae.files.tensors import read_safetensors, write_safetensors
from dgvae.methods.config import CONFIG_FILE, TextVAEConfig
from dgvae.model.decoder import DECODERS
from dgvae.model.encoder import Encoder
from dgvae.posteriors import POSTERIORS, Posterior, Prior, concatenate
from dgvae.text.batch import Batch, longest_first

WEIGHTS_FILE = "model.safetensors"
NOISE_WEIGHT = "encoder.head.noise_weight"  # of an implicit head; older checkpoints lack it


class TextVAE(nn.Module):
    """A text VAE. Initial weights are torch's own, U(±1/√fan-in); for the embeddings see `word_embedding`."""

    def __init__(self, config: TextVAEConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = DECODERS[config.row.decoder](config)

    def reset_decoder(self) -> None:
        """Give the decoder new initial weights (Li et al. 2019)."""
        fresh = DECODERS[self.config.row.decoder](self.config)
        self.decoder.load_state_dict(fresh.state_dict())

    def _only_trains(self, name: str) -> bool:
        return name.startswith(tuple(f"decoder.{part}" for part in self.decoder.training_only))

    def _may_be_absent(self, name: str) -> bool:
        """Whether it is zero where a file lacks it."""
        return self._only_trains(name) or name == NOISE_WEIGHT

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.decoder.output.weight.device

    @property
    def prior(self) -> Prior:
        """p(z)."""
        return POSTERIORS[self.config.row.posterior].prior(self.config.latent_dim)

    def encode(self, sentences: Tensor | Batch) -> Posterior:
        """q(z|x) of a batch, or of sentences of one length, [B, T] word ids ending with `</s>`."""
        return self.encoder(sentences)

    @torch.inference_mode()
    def encode_all(self, sentences: list[list[int]], batch_size: int = 512) -> Posterior:
        """q(z|x) of sentences of any length, in their order."""
        order = longest_first(torch.tensor([len(sentence) for sentence in sentences]))
        batches = ([sentences[i] for i in rows.tolist()] for rows in order.split(batch_size))
        together = concatenate([self.encode(Batch.padded(batch, self.device)) for batch in batches])
        in_order = order.argsort().to(self.device)
        return together.map(lambda tensor: tensor[in_order])

    def save_pretrained(self, folder: Path, dtype: torch.dtype = torch.float32) -> None:
        """Write config.json and model.safetensors; `dtype` is how the weights are stored. Buffers stay as they are.

        torch.int8: matrices take 8 bits for each value, with a scale for each row; vectors stay fp32; what only training needs
        is left out.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.config.to_json(folder / CONFIG_FILE)
        state, weights = self.state_dict(), dict(self.named_parameters())
        if dtype == torch.int8:
            state, weights = ({n: x for n, x in some.items() if not self._only_trains(n)} for some in (state, weights))
            weights = with_rows_in_8_bits(weights)
        else:
            weights = {name: parameter.detach().to(dtype) for name, parameter in weights.items()}
        write_safetensors(folder / WEIGHTS_FILE, state | weights)

    @classmethod
    def from_pretrained(cls, folder: Path) -> TextVAE:
        """Read what `save_pretrained` wrote, in fp32 and evaluation mode. Raises UserError that names file and fault."""
        folder = Path(folder)
        config = TextVAEConfig.from_json(folder / CONFIG_FILE)
        # Shapes are compared before any weight is allocated: a config may claim any size.
        with torch.device("meta"), _NoNormalWeights():
            model = cls(config)
        weights = restored(read_safetensors(folder / WEIGHTS_FILE))
        expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
        left_out = {name: expected[name] for name in expected.keys() - weights.keys() if model._may_be_absent(name)}
        found = {name: tuple(tensor.shape) for name, tensor in weights.items()} | left_out
        if expected != found:
            wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
            raise UserError(
                f"{folder / WEIGHTS_FILE} does not fit its config.json: {wrong[0]} should be "
                f"{expected.get(wrong[0], 'absent')} and is {found.get(wrong[0], 'absent')}."
            )
        for name, tensor in weights.items():
            if not torch.isfinite(tensor).all():
                raise UserError(f"{folder / WEIGHTS_FILE} is broken: {name} has values that are not finite.")
        weights |= {name: torch.zeros(shape) for name, shape in left_out.items()}
        model.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, strict=True, assign=True)
        return model.eval()


class _NoNormalWeights(TorchFunctionMode):
    """Weights that are about to be read are not drawn first: on the meta device that imports torch's compiler, 1.4 s."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        return kwargs["tensor"] if func is nn.init.normal_ else func(*args, **kwargs)
