"""A VAE that pythae trains on scikit-learn's handwritten digits: its latents go to a file and are diagnosed.

pip install pythae scikit-learn
python examples/pythae_digits.py            a minute; writes pythae-digits.safetensors
python app.py --latents pythae-digits.safetensors --decoder examples.pythae_digits:decode
"""

from __future__ import annotations

import argparse
import tempfile
from functools import cache
from pathlib import Path

import torch
from pythae.models import VAE, VAEConfig
from pythae.pipelines import TrainingPipeline
from pythae.trainers import BaseTrainerConfig
from safetensors.torch import load_file, save_file
from sklearn.datasets import load_digits
from torch import Tensor

from dgvae import LatentSpace

WEIGHTS = Path("pythae-digits-weights.safetensors")


def new_model() -> VAE:
    """pythae's VAE with its own encoder and decoder."""
    return VAE(VAEConfig(input_dim=(1, 8, 8), latent_dim=8, reconstruction_loss="bce"))


def train(images: Tensor, epochs: int) -> VAE:
    """Train on all images, [N, 1, 8, 8] from 0 to 1, as pythae does it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = BaseTrainerConfig(
            output_dir=folder, num_epochs=epochs, per_device_train_batch_size=128, learning_rate=1e-3, no_cuda=True
        )
        model = new_model()
        TrainingPipeline(model=model, training_config=settings)(train_data=images)
    return model.eval()


@cache
def trained_model() -> VAE:
    """The model whose weights `main` wrote into the working directory."""
    model = new_model()
    model.load_state_dict(load_file(WEIGHTS))
    return model.eval()


def decode(z: Tensor) -> Tensor:
    """z [S, 8] → pictures [S, 1, 8, 8], for `app.py --decoder`."""
    return trained_model().decoder(z)["reconstruction"].view(-1, 1, 8, 8)


def main(arguments: list[str] | None = None) -> None:
    """Train, write the latents and the weights, and print what is wrong with the latents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path("pythae-digits.safetensors"))
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    pixels, labels = load_digits(return_X_y=True)
    images = torch.tensor(pixels / 16, dtype=torch.float32).view(-1, 1, 8, 8)
    model = train(images, options.epochs)
    save_file(model.state_dict(), WEIGHTS)
    with torch.no_grad():
        encoded = model.encoder(images)
    space = LatentSpace(encoded["embedding"], encoded["log_covariance"], torch.tensor(labels), name="pythae digits")
    space.save(options.out)
    for finding in space.diagnosis():
        print(f"{finding.severity}: {finding.text}")


if __name__ == "__main__":
    main()
