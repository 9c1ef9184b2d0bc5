"""Train a text VAE and write a checkpoint that the app can open.

    python -m train.fit --method dg-vae --corpus short-yelp --out runs/dg
    torchrun --nproc-per-node 2 -m train.fit --method dg-vae --corpus short-yelp --out runs/dg

Ctrl-C ends the run after the step under way and leaves a usable checkpoint; the same command with --resume goes on from there.
"""

from __future__ import annotations

import argparse
import errno
import math
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from dgvae.corpus import Split
from dgvae.distributed import world
from dgvae.errors import UserError
from dgvae.figures import FIGURES
from train.data import Batches
from train.finish import finish
from train.groups import check_groups
from train.logs import Progress
from train.loop import FULL_WEIGHT, Epoch, Run, Step, train
from train.options import read_options
from train.processes import any_of_us, choose_device, joined, leads, say
from train.schedules import SCHEDULES, highest_share
from train.sinks import SINKS
from train.start import corpus_name, read_corpus, resume_run, start_run
from train.state import save_state
from train.summary import summary, text_facts

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    started = time.perf_counter()
    try:
        options = read_options(arguments)
        with joined():
            fit(options)
            say(f"{time.perf_counter() - started:.0f} s in all")
    except (UserError, OSError) as error:
        full = isinstance(error, OSError) and error.errno in NO_ROOM
        advice = "; what was saved before is whole: make room, then go on with --resume" if full else ""
        print(f"train.fit: {error}{advice}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.fit: interrupted; --resume goes on from the last state, if there is one", file=sys.stderr)
        return 130
    return 0


def fit(options: argparse.Namespace) -> None:
    """Train, from the start or from the last state, and complete the checkpoint folder."""
    if options.threads:
        torch.set_num_threads(options.threads)
    device = choose_device(options.device)
    training, validation, evaluation = read_corpus(options)
    run, tokenizer = (resume_run if options.resume else start_run)(options, training, device)
    config = run.model.config
    weights = sum(p.numel() for p in run.model.parameters())
    say(
        f"{config.title}: {weights:,} weights, {len(tokenizer):,} words, {len(training.sentences):,} sentences, {device}"
        + (f", {world()[1]} processes" if world()[1] > 1 else "")
    )

    same_length = run.plan.batches == "same-length"
    batches = Batches(tokenizer.encode_all(training.sentences, config.max_length), device, same_length=same_length)
    held_out = Batches(tokenizer.encode_all(validation.sentences, config.max_length), device, training=False)
    group = check_groups(run, batches)
    text = text_facts(training, validation, evaluation, tokenizer, config.max_length, options.min_count)
    say(summary(corpus_name(options), text, group.effective_batch_size))
    warn_if_weight_is_never_reached(run, batches)
    facts = {"sentences": len(training.sentences), **asdict(group), "text": text.record()}
    stopped = run_until_stopped(run, batches, held_out, options, facts)
    if leads():
        complete(run, options, evaluation, stopped, batches.count(run.plan.batch_size), facts)


def complete(
    run: Run, options: argparse.Namespace, evaluation: Split, stopped: bool, steps: int, facts: dict[str, Any]
) -> None:
    """Complete the checkpoint folder, and say what was measured and what can be done next."""
    out: Path = options.out
    if math.isinf(run.best):  # stopped before the first validation
        run.model.save_pretrained(out, dtype=torch.float16)
    print("stopped; completing the checkpoint without a map …" if stopped else "completing the checkpoint …", flush=True)
    facts = asdict(run.plan) | facts | {
        "epochs": run.epoch,
        "finished": not stopped,
        "seconds_per_epoch": run.seconds / (run.epoch + run.step / steps),  # with validation
    }  # fmt: skip
    measured = finish(out, evaluation, corpus_name(options), facts, map_points=0 if stopped else options.map_points)
    print("  ".join(f"{FIGURES[figure].name} {measured.text(figure)}" for figure in measured.figures))
    if stopped:
        print(f"To go on: python -m train.fit --resume --out {out}")
    print(f"To see it: python app.py --checkpoints {out.parent}")


def warn_if_weight_is_never_reached(run: Run, training: Batches) -> None:
    """Say so if the schedule ends before the regularizer has its full weight."""
    schedule = SCHEDULES[run.model.config.row.schedule]
    share = highest_share(schedule, run.timing(training.count(run.plan.batch_size)))
    if share <= FULL_WEIGHT and leads():
        print(
            f"Warning: the regularizer never gets its full weight, {share:.0%} at most; "
            "give more --epochs, or fewer --warmup-epochs or cycles.",
            file=sys.stderr,
        )


def run_until_stopped(
    run: Run, training: Batches, validation: Batches, options: argparse.Namespace, facts: dict[str, Any]
) -> bool:
    """Drive the loop: show progress, keep the best and the last state. Returns whether a signal stopped it."""
    out: Path = options.out
    steps, processes = training.count(run.plan.batch_size), world()[1]
    facts = facts | {"method": options.method, "device": str(run.model.device), "processes": processes}
    started = time.perf_counter() - run.seconds
    saved = time.perf_counter()
    with ExitStack() as stack:
        stop = stack.enter_context(stop_requested(at_once=processes == 1))
        if leads():
            sinks = [SINKS[name](out, vars(options), begun=options.resume) for name in dict.fromkeys(options.log)]
            progress = stack.enter_context(Progress(out, run, training.sentences, steps, facts, sinks))
        for event in train(run, training, validation):
            run.seconds = time.perf_counter() - started
            if leads() and isinstance(event, Step):
                progress.step(event)
            elif leads() and isinstance(event, Epoch):
                progress.epoch(event)
                if event.improved:
                    run.model.save_pretrained(out, dtype=torch.float16)
            overdue = time.perf_counter() - saved > 60 * options.save_minutes
            stopping, saving = any_of_us(stop(), leads() and (overdue or isinstance(event, Epoch)))
            if stopping or saving:
                save_state(run, out)
                saved = time.perf_counter()
            if stopping:
                return not run.finished
    return False


@contextmanager
def stop_requested(at_once: bool) -> Iterator[Callable[[], bool]]:
    """Within it SIGINT and SIGTERM only raise a flag, so that no step is cut in two.

    `at_once`: a second Ctrl-C ends the process. Not among several processes, since torchrun repeats it.
    """
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def remember(number: int, _: object) -> None:
        received.append(number)
        if at_once and number == signal.SIGINT:
            signal.signal(number, before[signal.SIGINT])

    for number in before:
        signal.signal(number, remember)
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    raise SystemExit(main())
