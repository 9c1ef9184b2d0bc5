"""The generated tables of the documentation: each stands between `<!-- table: NAME -->` and `<!-- end -->`.

    python -m tests.docs.tables

writes them anew into the README and the pages of docs/. A test fails if one is out of date.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from dgvae.checkpoint.discover import find_checkpoints
from dgvae.evaluation.figures import FIGURES
from dgvae.evaluation.measured import Measured
from dgvae.evaluation.record import Record
from dgvae.methods.config import CONFIG_FILE, TextVAEConfig
from dgvae.methods.table import METHODS, methods_table
from dgvae.text.corpora import CORPORA
from dgvae.ui.endpoints import Endpoints

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
MARKED = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
OF_THE_PAPER = ("prior_ll", "post_ll", "kl", "mi", "active_units", "consistent_units")  # its table 1
OURS = (
    "reconstruction", "elbo", "informative_units", "covariance_gap", "smoothed_gap", "hole_mass", "auc",
    "forward_perplexity", "reverse_perplexity",
)  # fmt: skip


def main() -> None:
    """Write all tables anew."""
    for page in PAGES:
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(text: str) -> str:
    """A page with the tables that its marks name."""
    return MARKED.sub(lambda mark: f"{mark[1]}\n{TABLES[mark['name']]()}\n\n{mark[3]}", text)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    escaped = r"\|"
    lines = [f"| {' | '.join(cell.replace('|', escaped) for cell in cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def short_methods() -> str:
    """What each method does, for the README."""
    rows = [(f"`{method.id}`", method.title, method.summary, method.source) for method in METHODS.values()]
    return markdown(("`--method`", "name", "what it does", "source"), rows)


def corpora() -> str:
    """The corpora of the paper, with their terms."""
    rows = [(f"`{corpus.id}`", corpus.summary, corpus.terms) for corpus in CORPORA.values()]
    return markdown(("`--corpus`", "what it is", "terms"), rows)


def figures() -> str:
    """What each figure means."""
    rows = [(figure.name, figure.group, figure.meaning, figure.better or "–") for figure in FIGURES.values()]
    return markdown(("figure", "group", "what it is", "better"), rows)


def included(corpus: str, figures: Sequence[str]) -> str:
    """Figures of the checkpoints that come with the project, in the order of the methods."""
    order = list(METHODS)
    folders = find_checkpoints(ROOT / "checkpoints" / corpus)
    models = [Measured.of(n, TextVAEConfig.from_json(f / CONFIG_FILE), Record.load(f)) for n, f in folders.items()]
    models.sort(key=lambda model: (order.index(model.method), model.option or 0))
    rows = [
        [
            model.title,
            *map(model.record.text, figures),
            *(f"{model.record.training[x]:.0f}" for x in ("epochs", "seconds_per_epoch")),
        ]
        for model in models
    ]
    return markdown(["model", *(FIGURES[figure].name for figure in figures), "epochs", "s / epoch"], rows)


def endpoints() -> str:
    """What programs may ask of a running app."""
    rows = []
    for name, function in vars(Endpoints).items():
        if name.startswith("_"):
            continue
        arguments = [str(each).split(":")[0] + _default(each) for each in inspect.signature(function).parameters.values()][1:]
        says = " ".join(str(inspect.getdoc(function)).split("\n\n")[0].split())
        rows.append((f"`/{name}`", ", ".join(f"`{argument}`" for argument in arguments) or "–", says))
    return markdown(("endpoint", "arguments", "what it does"), rows)


def _default(parameter: inspect.Parameter) -> str:
    return "" if parameter.default is parameter.empty else f"={parameter.default!r}"


TABLES: dict[str, Callable[[], str]] = {
    "short-methods": short_methods,
    "methods": methods_table,
    "corpora": corpora,
    "figures": figures,
    **{
        f"{corpus}-{name}": partial(included, corpus, figures)
        for corpus in ("short-yelp", "snli")
        for name, figures in {"paper": OF_THE_PAPER, "ours": OURS}.items()
    },
    "endpoints": endpoints,
}


if __name__ == "__main__":
    main()
