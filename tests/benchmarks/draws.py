"""How priorLL and postLL depend on the number of importance samples.

    python -m tests.benchmarks.draws CHECKPOINT … --data DATA [--sentences 30] [--draws 8 64 1024]

priorLL is a lower bound. With few samples it is low where posteriors are narrow, because hardly any prior sample is a good
latent for the sentence. Prints Markdown, in nats per sentence.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from dgvae.checkpoint.checkpoint import load_checkpoint
from dgvae.evaluation.likelihood import likelihoods
from dgvae.text.corpora import corpus_files, read_evaluation
from tests.benchmarks.results import record


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=30)
    parser.add_argument("--draws", type=int, nargs="+", default=[8, 64, 1024])
    options = parser.parse_args()
    print("| model | draws of each | priorLL | postLL |\n|---|---|---|---|", flush=True)
    for folder in options.checkpoints:
        checkpoint = load_checkpoint(folder)
        texts = read_evaluation(corpus_files(checkpoint.metrics.corpus, options.data)["test"]).sentences
        ids = checkpoint.tokenizer.encode_all(texts, checkpoint.model.config.max_length)
        chosen = range(0, len(ids), len(ids) // options.sentences)[: options.sentences]
        for draws in options.draws:
            torch.manual_seed(0)
            found = [
                likelihoods(
                    checkpoint.model,
                    torch.tensor([ids[i]]),
                    checkpoint.latents.posterior.map(lambda t, i=i: t[i : i + 1]),
                    draws,
                )
                for i in chosen
            ]
            prior, post = (sum(float(getattr(each, name)) for each in found) / len(found) for name in ("prior_ll", "post_ll"))
            setting = f"{checkpoint.model.config.title}, {draws} draws, {len(found)} sentences"
            record("draws", f"priorLL, {setting}", prior, "nats")
            record("draws", f"postLL, {setting}", post, "nats")
            print(f"| {checkpoint.model.config.title} | {draws:,} | {prior:.2f} | {post:.2f} |", flush=True)


if __name__ == "__main__":
    main()
