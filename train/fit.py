"""Train a text VAE and write a checkpoint that the app can open.

    python -m train.fit --method dg-vae --corpus short-yelp --out runs/dg
    torchrun --nproc-per-node 2 -m train.fit --method dg-vae --corpus short-yelp --out runs/dg

Ctrl-C ends the run after the step under way and leaves a usable checkpoint; the same command with --resume goes on from there.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from dgvae.console import command
from dgvae.distributed import world
from dgvae.errors import NO_ROOM, UserError
from dgvae.evaluation.figures import FIGURES
from dgvae.text.corpora import Split
from dgvae.text.tokenizer import SPECIAL_WORDS
from train.claims import claimed
from train.evaluate.finish import add_map, finish, map_command
from train.run.data import Batches
from train.run.events import Epoch, Step
from train.run.groups import check_groups
from train.run.initial import title_and_weights
from train.run.keeper import Keeper
from train.run.logs import Progress
from train.run.loop import FULL_WEIGHT, Run, train
from train.run.options import FitOptions
from train.run.processes import choose_device, is_main_process, print_main, process_group
from train.run.read_options import read_options, refuse_what_is_there
from train.run.schedules import SCHEDULES, highest_share
from train.run.sinks import SINKS
from train.run.start import corpus_name, new_run, read_corpus, resume_run, text_digests, write_beginning
from train.run.stopping import Stop, stop_requested
from train.run.summary import summary, text_facts


@command("train.fit", interrupted="interrupted; --resume continues from the last state, if there is one")
def main(arguments: list[str] | None = None, claims: bool = True) -> int:
    """Run the command; return its exit status. `claims`: take the claim on the run's folder, which a sweep's process has."""
    started = time.perf_counter()
    options = read_options(arguments)
    try:
        with process_group():
            fit(options, claims)
            print_main(f"{time.perf_counter() - started:.0f} s in all")
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        file = os.fsdecode(error.filename or "stdout")
        raise UserError(
            f"{file} can't be written ({error.strerror}): free some space, then continue with --resume from the last state, if "
            "there is one."
        ) from None
    return 0


def fit(options: FitOptions, claims: bool) -> None:
    """Train, from the start or from the last state, and complete the checkpoint folder."""
    if options.threads:
        torch.set_num_threads(options.threads)
    device = choose_device(options.device)
    training, validation, evaluation = read_corpus(options)
    if not options.resume:
        options = replace(options, **text_digests(training, validation, evaluation))
    begun = None if options.resume else new_run(options, training, device)
    if begun:
        options = replace(options, vocabulary_sha256=begun[1].sha256)
    if begun and options.init_from:
        options = replace(options, began_with=title_and_weights(options.init_from))
    with ExitStack() as stack:
        if claims and is_main_process():
            stack.enter_context(alone_in(options))
        if begun:
            run, tokenizer = begun
            write_beginning(run, tokenizer, options)
        else:
            run, tokenizer, options = resume_run(options, training, validation, evaluation, device)
        config = run.model.config
        weights, words = sum(p.numel() for p in run.model.parameters()), len(tokenizer) - len(SPECIAL_WORDS)
        print_main(
            f"{config.title}: {weights:,} weights, {words:,} words, {len(training.sentences):,} sentences, {device}"
            + (f", {world()[1]} processes" if world()[1] > 1 else "")
        )

        same_length = run.plan.batches == "same-length"
        batches = Batches(tokenizer.encode_all(training.sentences, config.max_length), device, same_length=same_length)
        held_out = Batches(tokenizer.encode_all(validation.sentences, config.max_length), device, training=False)
        group = check_groups(run, batches)
        text = text_facts(
            training, validation, evaluation, tokenizer, config.max_length, None if options.init_from else options.min_count
        )
        print_main(summary(corpus_name(options), text, training, group.effective_batch_size))
        if begun and options.init_from:
            print_main(f"The vocabulary is that of {options.init_from}; --max-vocab and --min-count are not used.")
        warn_if_weight_is_never_reached(run, batches)
        facts = {"sentences": len(training.sentences), **asdict(group), "text": text.record()}
        stop = stack.enter_context(stop_requested(at_once=world()[1] == 1))
        stopped = run_until_stopped(run, batches, held_out, options, facts, stop)
        if is_main_process():
            complete(run, options, evaluation, stopped, batches.count(run.plan.batch_size), facts, stop)


@contextmanager
def alone_in(options: FitOptions) -> Iterator[None]:
    """Have the run's folder within it. Raises UserError if another process trains there, or has begun a run meanwhile."""
    with claimed(options.out) as mine:
        if not mine:
            raise UserError(f"Another process trains in {options.out}; wait until it has ended, or choose another --out.")
        refuse_what_is_there(options)
        yield


def complete(
    run: Run, options: FitOptions, evaluation: Split, stopped: bool, steps: int, facts: dict[str, Any], stop: Stop
) -> None:
    """Complete the checkpoint folder, and say what was measured and what can be done next.

    The map comes last, when all else is written. A signal that comes before is heard then: there is no map.

    Args:
        run: at its end.
        options: of the command.
        evaluation: the sentences to measure the model on.
        stopped: whether a signal ended the run.
        steps: of an epoch.
        facts: of the text.
        stop: hears signals.
    """
    out: Path = options.out
    stop.ignore_what_was_ignored()
    if math.isinf(run.best):  # stopped before the first validation
        run.model.save_pretrained(out, dtype=torch.float16)
    print("stopped; completing the checkpoint without a map …" if stopped else "completing the checkpoint …", flush=True)
    facts = asdict(run.plan) | facts | {
        "epochs": run.epoch,
        "planned_epochs": options.epochs,
        "finished": not stopped,
        "began_with": options.began_with,
        "changed": options.changed,
        "training_sha256": options.training_sha256,
        "vocabulary_sha256": options.vocabulary_sha256,
        "seconds_per_epoch": run.seconds / (run.epoch + run.step / steps),  # with validation
    }  # fmt: skip
    record = finish(out, evaluation, corpus_name(options), facts)
    print("  ".join(f"{FIGURES[figure].name} {record.text(figure)}" for figure in record.figures))
    if options.map_points and not stopped:
        make_map(out, options.map_points, stop)
    if stopped:
        print(f"To go on: python -m train.fit --resume --out {out}")
    print(f"To see it: python app.py --checkpoints {out.parent}")


def make_map(out: Path, points: int, stop: Stop) -> None:
    """Add the map to a checkpoint that is whole without it; say so if there is none.

    Args:
        out: the checkpoint's folder.
        points: of the prior and of the posteriors each.
        stop: hears signals.
    """
    try:
        with stop.at_once():
            add_map(out, points)
    except UserError as error:
        print(f"Warning: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"Stopped before the map was made. To make it: {map_command(out, points)}")


def warn_if_weight_is_never_reached(run: Run, training: Batches) -> None:
    """Say so if the schedule ends before the regularizer has its full weight."""
    schedule = SCHEDULES[run.model.config.row.schedule]
    share = highest_share(schedule, run.timing(training.count(run.plan.batch_size)))
    if share <= FULL_WEIGHT and is_main_process():
        print(
            f"Warning: the regularizer never gets its full weight. It gets at most {share:.0%}; give more --epochs, or fewer "
            "--warmup-epochs or cycles.",
            file=sys.stderr,
        )


def run_until_stopped(
    run: Run, training: Batches, validation: Batches, options: FitOptions, facts: dict[str, Any], stop: Stop
) -> bool:
    """Drive the loop: show progress, keep the best and the last state.

    Args:
        run: goes on from where it stands.
        training: its batches.
        validation: likewise.
        options: of the command.
        facts: of the text, for the log.
        stop: hears signals.

    Returns:
        Whether a signal stopped it.
    """
    started = time.perf_counter() - run.seconds
    keeper = Keeper(run, options, stop)
    with followed(run, training, options, facts) as progress:
        for event in train(run, training, validation):
            run.seconds = time.perf_counter() - started
            if progress:
                show(progress, event)
                keeper.keep_best(event)
            if keeper.keep_last(event):
                return not run.finished
    return False


@contextmanager
def followed(run: Run, training: Batches, options: FitOptions, facts: dict[str, Any]) -> Iterator[Progress | None]:
    """The progress of the run, which the main process alone shows and logs.

    Args:
        run: that is followed.
        training: its batches.
        options: of the command.
        facts: of the text, for the log.

    Yields:
        The progress; None in other processes.
    """
    if not is_main_process():
        yield None
        return
    facts = facts | {"method": options.method, "device": str(run.model.device), "processes": world()[1]}
    sinks = [SINKS[name](options.out, options.as_json(), begun=options.resume) for name in dict.fromkeys(options.log)]
    with Progress(options.out, run, training.sentences, training.count(run.plan.batch_size), facts, sinks) as progress:
        yield progress


def show(progress: Progress, event: Step | Epoch) -> None:
    """Show and log an event."""
    if isinstance(event, Step):
        progress.step(event)
    else:
        progress.epoch(event)


if __name__ == "__main__":
    raise SystemExit(main())
