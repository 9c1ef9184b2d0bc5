"""How a run begins: its text, its vocabulary, its model; or all that from its folder, where it is resumed."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path

import torch

from dgvae.checkpoint.discover import TOKENIZER_FILE
from dgvae.distributed import world
from dgvae.errors import UserError
from dgvae.files.atomic import printable, remove_leftovers
from dgvae.methods.config import CONFIG_FILE, TextVAEConfig
from dgvae.methods.table import method_and_options, read_pair
from dgvae.model.text_vae import TextVAE
from dgvae.regularizers import build_regularizer
from dgvae.text.corpora import CORPORA, Split, corpus_files, given_name, read_evaluation, read_split
from dgvae.text.known_texts import OPTIONS_FILE
from dgvae.text.tokenizer import SPECIAL_WORDS, WordTokenizer
from train.corpora import TextSource, find_corpus, prepare
from train.corpora.prepare import names_file
from train.corpora.reading import is_path
from train.run.arguments import text_options
from train.run.initial import check_initial, read_initial, take_weights
from train.run.loop import Plan, Run
from train.run.options import FitOptions
from train.run.processes import is_main_process, main_process_first
from train.run.recipes import initialize
from train.run.run_file import recorded_options, write_options
from train.run.state import load_state, save_state
from train.run.summary import UNSPLIT, seem_unsplit


def read_corpus(options: FitOptions) -> tuple[Split, Split, Split]:
    """Find, download or prepare the text that the options name; return its training, validation and evaluation sets."""
    files = corpus_files(corpus_name(options), main_process_first(lambda: corpus_folder(options)))
    training, validation, evaluation = read_split(files["train"]), read_split(files["valid"]), read_evaluation(files["test"])
    return training.first(options.sentences) if options.sentences else training, validation, evaluation


def corpus_name(options: FitOptions) -> str:
    """What the text is called."""
    if options.corpus:
        return options.corpus
    name = printable(Path(options.source).name.split(".")[0])
    return f"own-{name}" if name in CORPORA else name  # whose terms and classes are not this text's


def corpus_folder(options: FitOptions) -> Path:
    """The folder of train.txt, valid.txt and test.txt, made if need be. Raises UserError."""
    refuse_moved(options)
    if options.corpus in CORPORA or (options.corpus and options.data):
        return find_corpus(options.corpus, Path(options.data) if options.data else None)
    if options.corpus and "/" not in options.corpus and not is_path(options.corpus):
        like = get_close_matches(options.corpus.lower().replace("_", "-"), CORPORA, n=1, cutoff=0.6)
        raise UserError(
            f"There is no corpus {options.corpus}; --corpus takes {', '.join(CORPORA)}, or a data set of the Hub, owner/name, "
            f"as stanfordnlp/imdb. Files of your own are given with --train-file.{f' Did you mean {like[0]}?' if like else ''}"
        )
    return prepare(TextSource(options.source, options.valid_file, options.test_file, **text_options(options)))


def refuse_moved(options: FitOptions) -> None:
    """Raise UserError if a file that a run was begun with is at its place no more, and say what finds it again."""
    for name in ("train_file", "valid_file", "test_file"):
        file = getattr(options, name)
        if options.training_sha256 and file and names_file(file) and not os.path.exists(os.path.expanduser(file)):
            raise UserError(
                f"{file} is no longer there; give its new place with --resume --{name.replace('_', '-')} FILE. train.evaluate "
                "takes other sentences, which were not trained on, with --test-file FILE."
            )


def new_run(options: FitOptions, training: Split, device: torch.device) -> tuple[Run, WordTokenizer]:
    """Make the vocabulary and the model. Nothing is written yet.

    Args:
        options: of the command.
        training: the sentences.
        device: where the model is trained.

    Returns:
        The run and the vocabulary.

    Raises:
        UserError: the text has no words, the sizes are too large, or the weights to start from do not fit.
    """
    torch.manual_seed(options.seed)
    source = options.init_from
    initial = main_process_first(lambda: read_initial(source)) if source else None
    tokenizer = initial[1] if initial else WordTokenizer.train(training.sentences, options.max_vocab, options.min_count)
    if len(tokenizer) == len(SPECIAL_WORDS):
        raise UserError(why_no_words(options, training))
    config = make_config(options, len(tokenizer), training)
    refuse_sizes(config, options)
    run = make_run(config, options, device)
    if source and initial:
        check_initial(source, *initial, config, training.sentences)
        take_weights(run.model, *initial, training.sentences)
    else:
        initialize(run.model, run.recipe)
    rank = world()[0]
    if rank:  # every process has the same weights now, and noise of its own from now on
        torch.manual_seed(options.seed + 1_000_003 * rank)
    return run, tokenizer


def write_beginning(run: Run, tokenizer: WordTokenizer, options: FitOptions) -> None:
    """Write the options, the vocabulary and a first state, so that the run can be resumed from here on.

    Args:
        run: at its beginning.
        tokenizer: its vocabulary.
        options: of the command.
    """
    if is_main_process():
        remove_leftovers(options.out)
        write_options(options)
        tokenizer.save(options.out)
        run.model.config.to_json(options.out / CONFIG_FILE)
    save_state(run, options.out)


def why_no_words(options: FitOptions, training: Split) -> str:
    """Why the vocabulary is empty, and what to do."""
    if options.max_vocab <= len(SPECIAL_WORDS):
        return (
            f"A vocabulary of {options.max_vocab} holds no word besides {' '.join(SPECIAL_WORDS)}; raise --max-vocab to at "
            f"least {len(SPECIAL_WORDS) + 1}."
        )
    if seem_unsplit(Counter(word for sentence in training.sentences for word in sentence.split())):
        return (
            f"No word of {corpus_name(options)} occurs twice: {UNSPLIT}; split it with a word segmenter and give --tokenized."
        )
    if options.min_count > 1:
        column = f" Is {options.column} the column of the text?" if options.column else ""
        return f"No word of {corpus_name(options)} occurs {options.min_count} times; lower --min-count, or add text.{column}"
    return f"{corpus_name(options)} holds no words except {', '.join(SPECIAL_WORDS)}; give a text with words."


def text_digests(training: Split, validation: Split, evaluation: Split) -> dict[str, str]:
    """What tells later whether a run's text is still the same, by the names of options."""
    splits = {"training": training, "validation": validation, "evaluation": evaluation}
    return {f"{name}_sha256": split.sha256 for name, split in splits.items()}


def refuse_other_text(options: FitOptions, training: Split, validation: Split, evaluation: Split) -> None:
    """Raise UserError if a text is not the one that a run, whose options these are, was begun with."""
    digests = text_digests(training, validation, evaluation)
    given = (("training", training, "train"), ("validation", validation, "valid"), ("evaluation", evaluation, "test"))
    for name, split, option in given:
        if getattr(options, f"{name}_sha256") not in (None, digests[f"{name}_sha256"]):
            raise UserError(
                f"{given_name(split.path)} is not the {name} text that {options.out} was started with; give that text with "
                f"--data or --{option}-file."
            )


def resume_run(
    options: FitOptions, training: Split, validation: Split, evaluation: Split, device: torch.device
) -> tuple[Run, WordTokenizer, FitOptions]:
    """Load the last state from the run's folder.

    Args:
        options: of the run.
        training: the sentences.
        validation: likewise.
        evaluation: likewise.
        device: where the model is trained.

    Returns:
        The run, the vocabulary, and the options with what was changed now.

    Raises:
        UserError: the text is not the one that the run was begun with, its files are of different models, or it has more epochs
            already.
    """
    refuse_other_text(options, training, validation, evaluation)
    config = TextVAEConfig.from_json(options.out / CONFIG_FILE)
    refuse_other_model(config, options)
    refuse_sizes(config, options)
    tokenizer = WordTokenizer.load(options.out / TOKENIZER_FILE, config.vocab_size)
    if options.vocabulary_sha256 not in (None, tokenizer.sha256):
        raise UserError(
            f"{options.out / TOKENIZER_FILE} is not the vocabulary that the run was begun with; restore it, or start again in "
            "an empty folder."
        )
    run = make_run(config, options, device)
    load_state(run, options.out)
    if options.epochs < run.epoch:
        raise UserError(f"{options.out} has trained {run.epoch} epochs already; give --epochs {run.epoch} or more.")
    options = _with_changes(options, run.epoch)
    if is_main_process():
        remove_leftovers(options.out)
        write_options(options)
    return run, tokenizer, options


def refuse_other_model(config: TextVAEConfig, options: FitOptions) -> None:
    """Raise UserError if a run's config.json and run.json are of different models."""
    asked = {"method": method_and_options(options.method)[0]}
    asked |= {name: getattr(options, name) for name in ("embedding_dim", "hidden_dim", "latent_dim")}
    if other := next((name for name, value in asked.items() if getattr(config, name) != value), None):
        raise UserError(
            f"{options.out} is of two models: its {other} is {getattr(config, other)} in {CONFIG_FILE} and {asked[other]} in "
            f"{OPTIONS_FILE}; restore the one that was edited."
        )


def _with_changes(options: FitOptions, epoch: int) -> FitOptions:
    """The options, with a note of those that a run is resumed without, since they no longer say how the model was made."""
    before = recorded_options(options.out)
    changed = [
        f"{name.replace('_', '-')} {before[name]:g} until epoch {epoch}"
        for name in ("learning_rate", "patience")
        if epoch and before.get(name) not in (None, getattr(options, name))
    ]
    return replace(options, changed="; ".join(filter(None, [options.changed, *changed])) or None)


def make_run(config: TextVAEConfig, options: FitOptions, device: torch.device) -> Run:
    """Make a run at its beginning.

    Args:
        config: the model's.
        options: of the command.
        device: where the model is trained.

    Returns:
        The run, with new weights.
    """
    plan = Plan(**{field.name: getattr(options, field.name) for field in fields(Plan)})
    regularizer = build_regularizer(config).to(device)
    regularizer.local = options.aggregate == "local"
    return Run(TextVAE(config).to(device), regularizer, plan)


def refuse_sizes(config: TextVAEConfig, options: FitOptions) -> None:
    """Raise UserError if a batch can't be shared among the processes, or can't make the groups that are aggregated."""
    processes = world()[1]
    if options.batch_size % processes:
        raise UserError(
            f"{processes} processes can't share a batch of {options.batch_size} equally; "
            f"give another {'--nproc-per-node' if options.resume else '--batch-size'}."
        )
    batch = options.batch_size // (processes if options.aggregate == "local" else 1)
    if "memory" not in config.options and (group := int(config.options.get("aggregation_size", 1))) > batch:
        needed = options.batch_size * group // batch
        raise UserError(
            f"A batch of {batch} cannot make groups of {group} sentences; "
            + ("give fewer processes." if options.resume else f"give --batch-size {needed}, or --set aggregation_size={batch}.")
        )


def make_config(options: FitOptions, vocab_size: int, training: Split) -> TextVAEConfig:
    """Make the model's config.

    Args:
        options: of the command.
        vocab_size: of the vocabulary.
        training: the sentences; the longest, up to --max-words, is the model's longest.

    Returns:
        The config.
    """
    method, given = method_and_options(options.method)
    given = dict(given)
    given |= dict(map(read_pair, options.set))
    return TextVAEConfig(
        method=method,
        vocab_size=vocab_size,
        embedding_dim=options.embedding_dim,
        hidden_dim=options.hidden_dim,
        latent_dim=options.latent_dim,
        max_length=longest_sentence(options, training),
        options=given,
    )


def longest_sentence(options: FitOptions, training: Split) -> int:
    """Words of the longest sentence that a model of this text reads."""
    return min(options.max_words, max(len(sentence.split()) for sentence in training.sentences))
