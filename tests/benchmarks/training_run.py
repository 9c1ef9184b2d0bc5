"""What surrounds a training step: the input pipeline, two processes, resuming, logging. Ratios of one run on one machine.

    python -m tests.benchmarks.training_run [--hidden-dim 512] [--rounds 5]

- input pipeline: batches per second without a model, over steps per second of `dg-vae` (asked: 50);
- two processes: sentences per second of two gloo processes with a thread each, over those of one with two (asked: 0.9), where
  they share a batch of 128, and where each has 128;
- resume: seconds to read a state back into a run of this size (asked: 5);
- events: what the loop's caller spends on a step, logging and asking whether to stop, over the step (asked: 1%).

Made-up sentences of Short-Yelp's mean length and vocabulary; rounds of the two settings are timed in turn.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import torch

from dgvae.distributed import world
from dgvae.methods.config import TextVAEConfig
from dgvae.model.text_vae import TextVAE
from dgvae.regularizers import build_regularizer
from tests.benchmarks.results import record
from tests.benchmarks.training_step import BATCH, VOCABULARY, WORDS
from tests.processes import PROCESSES, in_two_processes
from train.run.data import Batches
from train.run.events import Step
from train.run.logs import Progress
from train.run.loop import Plan, Run, training_step
from train.run.processes import any_process
from train.run.state import load_state, save_state

STEPS = 20  # of a round
CPU = torch.device("cpu")


def make_run(hidden_dim: int) -> Run:
    """A run of `dg-vae` at its beginning."""
    torch.manual_seed(0)
    config = TextVAEConfig("dg-vae", vocab_size=VOCABULARY, hidden_dim=hidden_dim)
    plan = Plan(epochs=10, batch_size=BATCH, learning_rate=1e-3, warmup_epochs=0, patience=1, seed=0)
    return Run(TextVAE(config), build_regularizer(config), plan)


def make_batches(sentences: int = 100_000) -> Batches:
    """Sentences of lengths around the mean."""
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(WORDS - 5, WORDS + 6, (sentences,), generator=generator).tolist()
    words = torch.randint(4, VOCABULARY, (sentences, WORDS + 5), generator=generator).tolist()
    return Batches([row[:length] for row, length in zip(words, lengths, strict=True)], CPU)


def rate(rounds: int, hidden_dim: int, threads: int, batch_size: int) -> list[float]:
    """Sentences per second of this process' parts, a figure per round."""
    torch.set_num_threads(threads)
    run, batches = make_run(hidden_dim), make_batches(20_000)
    rates = []
    for i in range(rounds + 1):
        start, sentences = time.perf_counter(), 0
        for step, batch in enumerate(batches.epoch(batch_size, seed=0, epoch=i)):
            if step == STEPS:
                break
            training_step(run, batch, 1.0)
            any_process(False)
            sentences += len(batch)
        rates.append(sentences / (time.perf_counter() - start))
    return rates[1:]


def rate_of_a_process(rank: int, hidden_dim: int, batch_size: int) -> torch.Tensor:
    """The rate of one of two processes."""
    assert world() == (rank, PROCESSES)
    return torch.tensor(rate(1, hidden_dim, 1, batch_size))


def time_events(run: Run, out: Path) -> float:
    """Seconds that the loop's caller spends on a step."""
    step = Step(0, 1, torch.tensor(-40.0), torch.tensor(5.0), torch.tensor(1.0), 1.0)
    with Progress(out, run, 100_000, 1000, {}, []) as progress:
        start = time.perf_counter()
        for _ in range(1000):
            any_process(False, False)
            progress.step(step)
        return (time.perf_counter() - start) / 1000


def main() -> None:
    """Time everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden-dim", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    batches = make_batches()
    start = time.perf_counter()
    count = sum(1 for _ in batches.epoch(BATCH, seed=0, epoch=0))
    batch_seconds = (time.perf_counter() - start) / count

    rates: dict[int, tuple[list[float], list[float]]] = {BATCH: ([], []), PROCESSES * BATCH: ([], [])}
    for _ in range(options.rounds):
        for size, (one, two) in rates.items():
            one += rate(1, options.hidden_dim, 2, size)
            with tempfile.TemporaryDirectory() as folder:
                work = partial(rate_of_a_process, hidden_dim=options.hidden_dim, batch_size=size)
                two.append(sum(float(found[0]) for found in in_two_processes(work, Path(folder))))
    step_seconds = BATCH / statistics.median(rates[BATCH][0])

    run = make_run(options.hidden_dim)
    training_step(run, next(batches.epoch(BATCH, seed=0, epoch=0)), 1.0)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        save_state(run, Path(folder))
        save_seconds = time.perf_counter() - start
        start = time.perf_counter()
        load_state(make_run(options.hidden_dim), Path(folder))
        resume_seconds = time.perf_counter() - start
        event_seconds = time_events(run, Path(folder))

    print(f"a step: {1000 * step_seconds:.0f} ms; a batch: {1000 * batch_seconds:.3f} ms; saving a state: {save_seconds:.2f} s")
    record("training_run", "a step", 1000 * step_seconds, "ms")
    record("training_run", "a batch", 1000 * batch_seconds, "ms")
    record("training_run", "saving a state", save_seconds, "s")
    record("training_run", "resuming", resume_seconds, "s")
    print(f"input pipeline, over the model: {step_seconds / batch_seconds:.0f}x")
    for size, (one, two) in rates.items():
        ratio = statistics.median(two) / statistics.median(one)
        print(f"two processes with a thread, over one with two, batch {size}: {ratio:.2f}x")
        record("training_run", f"two processes with a thread, over one with two, batch {size}", ratio, "")
    print(f"resume: {resume_seconds:.2f} s")
    print(f"events: {event_seconds / step_seconds:.3%} of a step")


if __name__ == "__main__":
    sys.exit(main())
