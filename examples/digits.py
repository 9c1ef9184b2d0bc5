"""A VAE of scikit-learn's handwritten digits with a density gap for its loss; its latent space goes to a file and is diagnosed.

python examples/digits.py                   a minute; needs scikit-learn, which umap-learn brings
python app.py --latents digits.safetensors --decoder examples.digits:decode     pictures, also in its holes
"""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from sklearn.datasets import load_digits
from torch import Tensor, nn

from dgvae import DiagonalGaussian, LatentSpace, MemoryDensityGap

LATENT = 8
DECODER = Path("digits-decoder.safetensors")


def new_decoder() -> nn.Sequential:
    """z [N, 8] → logits of pixels, [N, 64]."""
    return nn.Sequential(nn.Linear(LATENT, 256), nn.GELU(), nn.Linear(256, 64))


def train(images: Tensor, epochs: int) -> tuple[DiagonalGaussian, nn.Sequential]:
    """Train on all images, [N, 64] from 0 to 1, and return their posteriors, and the decoder."""
    encoder, decoder = nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Linear(256, 2 * LATENT)), new_decoder()
    regularizer = MemoryDensityGap(LATENT, memory_size=1024)  # in place of the KL
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)
    for _ in range(epochs):
        for batch in images[torch.randperm(len(images))].split(128):
            posterior = DiagonalGaussian(*encoder(batch).chunk(2, dim=1))
            z = posterior.rsample()
            # Bernoulli pixels: −log p(x|z) in nats per image.
            reconstruction = nn.functional.binary_cross_entropy_with_logits(decoder(z), batch, reduction="sum") / len(batch)
            loss = reconstruction + regularizer(posterior, z)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        return DiagonalGaussian(*encoder(images).chunk(2, dim=1)), decoder


@cache
def trained_decoder() -> nn.Sequential:
    """The decoder that `main` wrote into the working directory."""
    decoder = new_decoder()
    decoder.load_state_dict(load_file(DECODER))
    return decoder


def decode(z: Tensor) -> Tensor:
    """z [S, 8] → pictures [S, 8, 8], from 0 to 1, for `app.py --decoder`."""
    return trained_decoder()(z).sigmoid().view(-1, 8, 8)


def main(arguments: list[str] | None = None) -> None:
    """Train, write the latents and the decoder, and print what is wrong with the latents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("digits.safetensors"))
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    pixels, labels = load_digits(return_X_y=True)
    images = torch.tensor(pixels / 16, dtype=torch.float32)
    posterior, decoder = train(images, options.epochs)
    save_file(decoder.state_dict(), DECODER)
    space = LatentSpace(posterior.mean, posterior.log_var, torch.tensor(labels), columns={"ink": images.sum(1)}, name="digits")
    space.save(options.out)
    for finding in space.diagnosis():
        print(f"{finding.severity}: {finding.text}")
    for name in ("kl", "mi", "hole_mass", "auc"):
        value, error = space.figures()[name]
        print(f"{name} {value:.3f} ± {error:.3f}")


if __name__ == "__main__":
    main()
