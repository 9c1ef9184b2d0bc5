"""What batches of mixed lengths cost: time per word of a training step, over that of batches of one length.

    python -m tests.benchmarks.lengths --data DATA [--corpora short-yelp,yahoo] [--hidden-dim 256] [--steps 20] [--threads 1]

The lengths are those of the corpus, the words are made up. Steps of both kinds are taken in turn; every corpus gets the
embedding of its paper's models. Asked: at most 1.15.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from dgvae.methods.config import TextVAEConfig
from dgvae.model.text_vae import TextVAE
from dgvae.regularizers import build_regularizer
from dgvae.text.corpora import CORPORA, corpus_files, read_split
from tests.benchmarks.results import record
from train.run.data import Batches
from train.run.loop import Plan, Run, training_step

CPU = torch.device("cpu")
WARM_UP = 6  # steps of each kind: a shape that is met first costs more


def seconds_per_word(lengths: list[int], run: Run, batch_size: int, steps: int, vocabulary: int) -> dict[str, float]:
    """Seconds a word, by the kind of batches."""
    generator = torch.Generator().manual_seed(0)
    sentences = [[*torch.randint(4, vocabulary, (n,), generator=generator).tolist(), 3] for n in lengths]
    sources = {
        kind: Batches(sentences, CPU, same_length=kind == "same-length").epoch(batch_size, 0, 0)
        for kind in ("same-length", "mixed")
    }
    seconds, words = dict.fromkeys(sources, 0.0), dict.fromkeys(sources, 0)
    for step in range(steps + WARM_UP):
        for kind, batches in sources.items():
            batch = next(batches)
            started = time.perf_counter()
            training_step(run, batch, 1.0)
            if step >= WARM_UP:
                seconds[kind] += time.perf_counter() - started
                words[kind] += batch.words.numel() if batch.tokens is None else len(batch.tokens)
    return {kind: seconds[kind] / words[kind] for kind in sources}


def main() -> None:
    """Print a line per corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--corpora", default="short-yelp,yahoo")
    parser.add_argument("--hidden-dim", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name in options.corpora.split(","):
        training = read_split(corpus_files(name, options.data)["train"])
        lengths = [min(200, len(sentence.split())) for sentence in training.sentences]
        vocabulary = 7496 if name in ("short-yelp", "snli") else 20_000
        config = TextVAEConfig(
            "vae", vocabulary, embedding_dim=CORPORA[name].embedding_dim, hidden_dim=options.hidden_dim, max_length=200
        )
        run = Run(TextVAE(config), build_regularizer(config), Plan(1, options.batch_size, 1e-3, 0, 1, 0))
        found = seconds_per_word(lengths, run, options.batch_size, options.steps, vocabulary)
        ratio = found["mixed"] / found["same-length"]
        said = ", ".join(f"{kind} {1e6 * seconds:.0f} µs a word" for kind, seconds in found.items())
        print(f"{name:12} {said}: {ratio:.2f}")
        setting = f"{name}, hidden {options.hidden_dim}, batch {options.batch_size}, {options.threads} threads"
        for kind, seconds in found.items():
            record("lengths", f"a word, {kind}, {setting}", 1e6 * seconds, "µs")
        record("lengths", f"mixed over same-length, {setting}", ratio, "")


if __name__ == "__main__":
    main()
