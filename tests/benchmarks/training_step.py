"""How fast a training step is, in turn with a plain fp32 loop of the same model.

    python -m tests.benchmarks.training_step [--methods vae,mdg-vae] [--hidden-dim 512] [--rounds 15] [--device cuda]

The plain loop is `nn.LSTM`, full logits, `F.cross_entropy` and `torch.optim.Adam`. Steps are timed in turn, so that a drift of
the machine's speed meets all of them; medians, and ratios of medians, are printed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dgvae.methods.config import TextVAEConfig
from dgvae.methods.table import METHODS, method_and_options
from dgvae.model.text_vae import TextVAE
from dgvae.regularizers import build_regularizer
from dgvae.text.tokenizer import START
from dgvae.training_step import GRADIENT_NORM
from tests.benchmarks.results import record
from train.run.loop import Plan, Run, training_step

BATCH, WORDS, VOCABULARY = 128, 10, 7496  # Short-Yelp: mean length with its </s>, and the vocabulary of train.fit's defaults
ALONE = ["mdg-vae+companion=none"]
PLAN = Plan(epochs=1, batch_size=BATCH, learning_rate=1e-3, warmup_epochs=0, patience=1, seed=0)


def plain_step(hidden_dim: int, device: torch.device) -> Callable[[Tensor], None]:
    """The same model and loss as `vae`, written as a tutorial would."""
    model = TextVAE(TextVAEConfig("vae", vocab_size=VOCABULARY, hidden_dim=hidden_dim)).to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    encoder, decoder = model.encoder, model.decoder

    def step(batch: Tensor) -> None:
        _, (last, _) = encoder.lstm(encoder.embedding(batch))
        posterior = encoder.head(last[-1])
        z = posterior.rsample()
        words = torch.cat([torch.full_like(batch[:, :1], START), batch[:, :-1]], dim=1)
        inputs = F.dropout(decoder.embedding(words), decoder.dropout)
        inputs = torch.cat([inputs, z.unsqueeze(1).expand(-1, batch.shape[1], -1)], dim=-1)
        outputs, _ = decoder.lstm(inputs, decoder.initial_state(z))
        logits = decoder.output(F.dropout(outputs, decoder.dropout))
        loss = F.cross_entropy(logits.flatten(0, 1), batch.flatten(), reduction="sum") / len(batch)
        loss = loss + posterior.kl().mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), GRADIENT_NORM)
        optimizer.step()

    return step


def method_step(method: str, hidden_dim: int, device: torch.device) -> Callable[[Tensor], None]:
    """The project's own step."""
    name, options = method_and_options(method)
    config = TextVAEConfig(name, vocab_size=VOCABULARY, hidden_dim=hidden_dim, options=options)
    run = Run(TextVAE(config).to(device), build_regularizer(config).to(device), PLAN)

    def step(batch: Tensor) -> None:
        training_step(run, batch, 1.0)

    return step


def wait_for(device: torch.device) -> None:
    """Wait until a GPU has done what it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    """Time all steps in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden-dim", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--methods", default=",".join([*METHODS, *ALONE]), help="with options, as train.sweep takes them")
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    options = parser.parse_args()
    size, device = options.hidden_dim, options.device
    methods = ["vae", *(name for name in options.methods.split(",") if name != "vae")]

    steps = {"plain fp32 loop": plain_step(size, device)} | {m: method_step(m, size, device) for m in methods}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for i in range(options.rounds + 2):  # the first two warm up
        batch = torch.randint(4, VOCABULARY, (BATCH, WORDS), device=device)
        for name, step in steps.items():
            wait_for(device)
            start = time.perf_counter()
            step(batch)
            wait_for(device)
            if i >= 2:
                seconds[name].append(time.perf_counter() - start)

    median = {name: statistics.median(times) for name, times in seconds.items()}
    print(f"{'step':22} {'median ms':>10} {'plain / it':>11} {'it / vae':>9}")
    for name, value in median.items():
        print(f"{name:22} {1000 * value:10.1f} {median['plain fp32 loop'] / value:11.2f} {value / median['vae']:9.2f}")
        record("training_step", f"{name}, hidden {size}", 1000 * value, "ms")


if __name__ == "__main__":
    main()
