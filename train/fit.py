"""Train a text VAE and write a checkpoint that the app can open.

    python -m train.fit --method dg-vae --corpus short-yelp --data DATA --out runs/dg

Ctrl-C ends the run after the step under way and leaves a usable checkpoint; the same command with --resume goes on from there.
"""

from __future__ import annotations

import argparse
import math
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path

import torch

from dgvae.checkpoints import TOKENIZER_FILE
from dgvae.config import CONFIG_FILE, TextVAEConfig
from dgvae.corpus import Split, corpus_files, read_evaluation, read_split
from dgvae.errors import UserError
from dgvae.figures import FIGURES
from dgvae.methods import method_and_options
from dgvae.model import TextVAE
from dgvae.regularizers import build_regularizer
from dgvae.tokenizer import SPECIAL_WORDS, WordTokenizer
from train.data import LengthBatches
from train.finish import finish
from train.logs import Progress
from train.loop import FULL_WEIGHT, Epoch, Plan, Run, Step, train
from train.options import read_options, write_options
from train.schedules import SCHEDULES, highest_share
from train.state import load_state, save_state


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    started = time.perf_counter()
    try:
        fit(read_options(arguments))
    except (UserError, OSError) as error:
        print(f"train.fit: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.fit: interrupted; --resume goes on from the last state, if there is one", file=sys.stderr)
        return 130
    print(f"{time.perf_counter() - started:.0f} s in all")
    return 0


def fit(options: argparse.Namespace) -> None:
    """Train, from the start or from the last state, and complete the checkpoint folder."""
    if options.threads:
        torch.set_num_threads(options.threads)
    out: Path = options.out
    training, validation, evaluation = read_corpus(options)
    run, tokenizer = resume_run(options) if options.resume else start_run(options, training)
    config, device = run.model.config, run.model.device
    weights = sum(p.numel() for p in run.model.parameters())
    print(f"{config.title}: {weights:,} weights, {len(tokenizer):,} words, {len(training.sentences):,} sentences, {device}")

    batches, held_out = (
        LengthBatches(tokenizer.encode_all(split.sentences, config.max_length), device) for split in (training, validation)
    )
    warn_if_weight_is_never_reached(run, batches)
    stopped = run_until_stopped(run, batches, held_out, out)
    if math.isinf(run.best):  # stopped before the first validation
        run.model.save_pretrained(out, dtype=torch.float16)
    print("stopped; completing the checkpoint without a map …" if stopped else "completing the checkpoint …")
    facts = asdict(run.plan) | {
        "epochs": run.epoch,
        "sentences": len(training.sentences),
        "finished": not stopped,
        "seconds_per_epoch": run.seconds / (run.epoch + run.step / batches.count(run.plan.batch_size)),  # with validation
    }
    corpus = options.corpus or Path(options.train_file).stem
    measured = finish(out, evaluation, corpus, facts, map_points=0 if stopped else options.map_points)
    print("  ".join(f"{FIGURES[figure].name} {measured.text(figure)}" for figure in measured.figures))
    if stopped:
        print(f"To go on: python -m train.fit --resume --out {out}")
    print(f"To see it: python app.py --checkpoints {out.parent}")


def start_run(options: argparse.Namespace, training: Split) -> tuple[Run, WordTokenizer]:
    """Make the vocabulary and the model, and write a first state, so that the run can be resumed from here on."""
    torch.manual_seed(options.seed)
    tokenizer = WordTokenizer.train(training.sentences, options.max_vocab, options.min_count)
    if len(tokenizer) == len(SPECIAL_WORDS):
        raise UserError(f"No word of {training.path} occurs {options.min_count} times; lower --min-count.")
    config = make_config(options, len(tokenizer), training)
    if (group := int(config.options.get("aggregation_size", 1))) > options.batch_size:
        raise UserError(
            f"A batch of {options.batch_size} cannot make groups of {group} sentences; "
            f"give --batch-size {group}, or --set aggregation_size={options.batch_size}."
        )
    run = make_run(config, options)
    options.out.mkdir(parents=True, exist_ok=True)
    write_options(options)
    tokenizer.save(options.out)
    run.model.config.to_json(options.out / CONFIG_FILE)
    save_state(run, options.out)
    return run, tokenizer


def resume_run(options: argparse.Namespace) -> tuple[Run, WordTokenizer]:
    """Load the last state from the run's folder."""
    run = make_run(TextVAEConfig.from_json(options.out / CONFIG_FILE), options)
    load_state(run, options.out)
    write_options(options)
    return run, WordTokenizer.load(options.out / TOKENIZER_FILE)


def make_run(config: TextVAEConfig, options: argparse.Namespace) -> Run:
    """A run at its beginning, on the best device there is."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    plan = Plan(**{field.name: getattr(options, field.name) for field in fields(Plan)})
    return Run(TextVAE(config).to(device), build_regularizer(config).to(device), plan)


def warn_if_weight_is_never_reached(run: Run, training: LengthBatches) -> None:
    """Say so if the schedule ends before the regularizer has its full weight."""
    schedule = SCHEDULES[run.model.config.row.schedule]
    share = highest_share(schedule, run.timing(training.count(run.plan.batch_size)))
    if share <= FULL_WEIGHT:
        print(
            f"Warning: the regularizer never gets its full weight, {share:.0%} at most; "
            "give more --epochs, or fewer --warmup-epochs or cycles.",
            file=sys.stderr,
        )


def run_until_stopped(run: Run, training: LengthBatches, validation: LengthBatches, out: Path) -> bool:
    """Drive the loop: show progress, keep the best and the last state. Returns whether a signal stopped it."""
    steps = training.count(run.plan.batch_size)
    done = round(training.sentences * (run.epoch + run.step / steps))
    started = time.perf_counter() - run.seconds
    with stop_requested() as stop, Progress(out / "log.jsonl", training.sentences, run.epochs, done) as progress:
        for event in train(run, training, validation):
            run.seconds = time.perf_counter() - started
            match event:
                case Step():
                    progress.step(event)
                case Epoch():
                    progress.epoch(event)
                    if event.improved:
                        run.model.save_pretrained(out, dtype=torch.float16)
                    save_state(run, out)
            if stop():
                save_state(run, out)
                return not run.finished
    return False


@contextmanager
def stop_requested() -> Iterator[Callable[[], bool]]:
    """Within it SIGINT and SIGTERM only raise a flag, so that no step is cut in two; a second one ends the process at once."""
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def remember(number: int, _: object) -> None:
        received.append(number)
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, remember)
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def read_corpus(options: argparse.Namespace) -> tuple[Split, Split, Split]:
    """Read the training, validation and evaluation sets; without a test file, the validation set is also evaluated."""
    if options.train_file:
        names = (options.train_file, options.valid_file, options.test_file or options.valid_file)
        files = [Path(name) for name in names]
    else:
        files = list(corpus_files(options.corpus, Path(options.data)).values())
    training, validation = map(read_split, files[:2])
    evaluation = read_evaluation(files[2])
    if options.sentences:
        training = training.first(options.sentences)
    return training, validation, evaluation


def make_config(options: argparse.Namespace, vocab_size: int, training: Split) -> TextVAEConfig:
    """The model's config; its longest sentence is the longest in training, up to --max-words."""
    method, given = method_and_options(options.method)
    given = dict(given)
    for pair in options.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"--set takes key=value, not {pair!r}.")
        given[name] = value
    return TextVAEConfig(
        method=method,
        vocab_size=vocab_size,
        embedding_dim=options.embedding_dim,
        hidden_dim=options.hidden_dim,
        latent_dim=options.latent_dim,
        max_length=min(options.max_words, max(len(sentence.split()) for sentence in training.sentences)),
        options=given,
    )


if __name__ == "__main__":
    raise SystemExit(main())
