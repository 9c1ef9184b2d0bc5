"""The model card: the README.md of a checkpoint folder, which is the front page of its Hub repository."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from html import escape
from itertools import chain
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from dgvae.checkpoint.checkpoint import CARD_FILE
from dgvae.evaluation.diagnosis import diagnose
from dgvae.evaluation.figures import FIGURES
from dgvae.evaluation.record import Record
from dgvae.files.atomic import printable, write_bytes
from dgvae.methods.config import TextVAEConfig
from dgvae.model.text_vae import TextVAE
from dgvae.text.corpora import CORPORA, VALIDATION_FILE
from train.corpora.account import count_of
from train.run.arguments import TEXT_OPTIONS, flags_of
from train.run.options import DEFAULTS, OF_THE_COMMAND, TEXTS
from train.run.run_file import OPTIONS_FILE, recorded_options
from train.run.summary import TextFacts, text_lines, unknown_warning

SOURCE = "bundled_from"  # in the training facts of a bundled checkpoint's record: the sha256 of the run's weights
KEPT = "text_options"  # there, too: the run's options of its text
OF_A_BUNDLE = (SOURCE, KEPT)
OF_THE_TEXT = (*sorted(TEXTS - {"data"}), *TEXT_OPTIONS)
NOT_OF_THE_MODEL = {"out", "resume", "threads", "device"}  # options that say where it is made, not what


def write_card(folder: Path, model: TextVAE, record: Record) -> None:
    """Write the card of a checkpoint.

    Args:
        folder: of the checkpoint.
        model: whose weights lie there.
        record: what was measured.
    """
    write_bytes(folder / CARD_FILE, model_card(folder, model, record).encode())


def model_card(folder: Path, model: TextVAE, record: Record, repository: str = "OWNER/NAME") -> str:
    """What the model is, every figure that was measured, what is wrong with it, and how it was made and is opened.

    Args:
        folder: of the checkpoint; its run.json is read if it is there (see `retraining_command`).
        model: whose weights lie there.
        record: what was measured.
        repository: the id under which the Hub has it.

    Returns:
        Markdown, with the Hub's metadata on top.
    """
    config, training, corpus = model.config, record.training, corpus_title(record)
    weights = sum(p.numel() for p in model.parameters())
    stopped = "" if training.get("finished", True) else "\n\n**Its training was stopped before the end.**"
    trained = f"{count_of(training['epochs'], 'epoch')} over {count_of(training['sentences'], 'sentence')}"
    initial = ""
    if began_with := training.get("began_with"):
        initial = f" It began with the weights of {escape(str(began_with), quote=False)}."
    if changed := training.get("changed"):
        initial += f" It was resumed with other options, and had {escape(str(changed), quote=False)}."
    for_validation = ", by which the weights were chosen," if record.evaluation.file == VALIDATION_FILE else ""
    card = f"""---
{metadata(config, record).to_yaml()}
---

# {config.title} on {corpus}

A text VAE: {config.row.summary} ({config.row.source}).{stopped}

{figures_table(config, record)}

Measured on the {record.evaluation.sentences:,} sentences of `{record.evaluation.file}`{for_validation} with the stored weights.
`latents.safetensors` holds their posteriors; no text of the corpus is in this repository.

## Known failures

{known_failures(record)}

## Open it

In the app: `python app.py`, then `{repository}` under *A model from the Hub*. In Python:

```python
from dgvae.checkpoint.checkpoint import load_checkpoint
from dgvae.checkpoint.hub import download_checkpoint

checkpoint = load_checkpoint(download_checkpoint("{repository}"))
print(checkpoint.model.config.title, len(checkpoint.tokenizer), checkpoint.metrics.text("mi"))
```

## Training

```
{retraining_command(config, record, folder)}
```

{trained}, the best by validation kept.{initial} {weights:,} weights:
vocabulary {config.vocab_size:,}, embedding {config.embedding_dim}, LSTM {config.hidden_dim}, latent {config.latent_dim}.
{text_table(training)}
## Terms

{terms(record)}
"""
    return printable(card)


def text_table(training: dict[str, Any]) -> str:
    """The text that it was trained on, in numbers; nothing for a model of an earlier version."""
    if (facts := TextFacts.read(training.get("text"))) is None:
        return ""
    rows = [
        f"| {what} | {escape(how, quote=False).replace('|', '&#124;')} |"
        for what, how in text_lines(facts, training.get("effective_batch_size"))
    ]
    warning = f"\n{unknown_warning(facts)}\n" if facts.advice else ""
    return "\n".join(["\n| text | |\n|---|---|", *rows, warning])


def corpus_title(record: Record) -> str:
    """What the corpus is called."""
    return CORPORA[record.corpus].title if record.corpus in CORPORA else record.corpus


def metadata(config: TextVAEConfig, record: Record) -> ModelCardData:
    """What the Hub files the model under, with every figure."""
    known = CORPORA.get(record.corpus)
    title = corpus_title(record)
    return ModelCardData(
        language="en" if known else None,
        license=known.license if known else None,
        license_name=f"{known.id}-terms" if known and known.license == "other" else None,
        library_name="dgvae",
        tags=["text-vae", config.method],
        model_name=f"{config.title} on {title}",
        eval_results=[
            EvalResult(
                task_type="text-generation",
                dataset_type=record.corpus,
                dataset_name=title,
                dataset_split="validation" if record.evaluation.file == VALIDATION_FILE else Path(record.evaluation.file).stem,
                metric_type=figure.id,
                metric_name=figure.name,
                metric_value=record.figures[figure.id].value,
            )
            for figure in FIGURES.values()
            if figure.id in record.figures
        ],
    )


def figures_table(config: TextVAEConfig, record: Record) -> str:
    """Every figure that was measured or can't be, in Markdown."""

    def rows() -> Iterator[str]:
        for figure in FIGURES.values():
            if figure.id in record.figures:
                of = f" of {config.latent_dim}" if figure.of_units else ""
                value, error = record.text(figure.id) + of, record.error_text(figure.id)
                yield f"| {figure.name} | {value} | {error} | {figure.meaning} |"
            elif figure.id in record.absent:
                yield f"| {figure.name} | n/a | | {record.absent[figure.id]} |"

    head = "| figure | value | standard error | what it is |\n|---|---|---|---|"
    return "\n".join([head, *(row.replace("x|z", "x\\|z") for row in rows())])


def known_failures(record: Record) -> str:
    """What the figures say is wrong or doubtful, a line each."""
    found = [f"- {finding.text}" for finding in diagnose(record) if finding.severity != "good"]
    return "\n".join(found) or "The figures show none."


def retraining_command(config: TextVAEConfig, record: Record, folder: Path) -> str:
    """The command that makes this checkpoint again, with DATA, OUT and INITIAL to be filled in.

    Args:
        config: the model's.
        record: of the checkpoint.
        folder: the run's, whose run.json is read if it is there. It is not published, and without it some options are unknown:
            those of the text and, of an earlier version, the epochs that were asked for.

    Returns:
        One line for a shell.
    """
    known = _known_options(config, record, folder)
    named = (name for name in OF_THE_COMMAND if name in known and name not in NOT_OF_THE_MODEL)
    flags = chain.from_iterable(flags_of(name, _portable(name, known[name])) for name in named)
    return shlex.join(["python", "-m", "train.fit", *chain.from_iterable(flags), "--out", "OUT"])


def _known_options(config: TextVAEConfig, record: Record, folder: Path) -> dict[str, Any]:
    """Options by name. Sizes and the plan are always among them, for defaults may change."""
    asked = recorded_options(folder) if (folder / OPTIONS_FILE).is_file() else _text_of(record)
    planned = {"sentences": None, "epochs": record.training.get("planned_epochs", record.training["epochs"])}
    known = record.training | planned | {name: value for name, value in asked.items() if value != DEFAULTS.get(name)}
    defaults = {name: option.default for name, option in config.row.options.items()}
    return known | {
        "method": config.method,
        "set": [f"{name}={value}" for name, value in config.options.items() if value != defaults[name]],
        "embedding_dim": config.embedding_dim,
        "hidden_dim": config.hidden_dim,
        "latent_dim": config.latent_dim,
        "data": "DATA" if known.get("corpus") else None,
        "init_from": "INITIAL" if known.get("init_from") or known.get("began_with") else None,
    }


def _text_of(record: Record) -> dict[str, Any]:
    """The options that name the text, as far as the record tells."""
    if record.corpus in CORPORA:
        return {"corpus": record.corpus}
    known = record.training.get(KEPT)
    if isinstance(known, dict):
        return {name: known[name] for name in OF_THE_TEXT if isinstance(known.get(name), str | bool)}
    return {"train_file": f"{record.corpus}.txt"}


def portable_text_options(run: Path) -> dict[str, Any]:
    """A run's options of its text, without folders; a checkpoint that is made of it keeps them as KEPT."""
    asked = recorded_options(run) if (run / OPTIONS_FILE).is_file() else {}
    return {name: _portable(name, asked[name]) for name in OF_THE_TEXT if asked.get(name) not in (None, DEFAULTS.get(name))}


def _portable(option: str, value: Any) -> Any:
    """An option's value without the folders of the machine that it was given on."""
    return Path(value).name if option in TEXTS and value and Path(value).is_absolute() else value


def terms(record: Record) -> str:
    """What may be done with the model."""
    if (known := CORPORA.get(record.corpus)) is None:
        return "The terms of the training text apply. The code is under the MIT license."
    same = "is for that use, too" if known.license == "other" else "is under the same license"
    return f"{known.terms} The model {same}. The code is under the MIT license."
