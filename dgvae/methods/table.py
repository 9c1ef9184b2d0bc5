"""METHODS: one row of facts per system. The command line, the app, the tests and the documentation read it.

A row names a value per axis and the options that the method has. A new method is one row, in `posterior_rows` or in
`aggregated_rows`. What a value means is code elsewhere:

    posterior       dgvae.posteriors     POSTERIORS
    head            dgvae.model.heads    HEADS
    regularizer     dgvae.regularizers   REGULARIZERS
    decoder         dgvae.model.decoder  DECODERS
    schedule        train.run.schedules  SCHEDULES
    initialization  train.run.loop       "random", or "autoencoder": trained as one first, then the decoder anew
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from dgvae.errors import UserError
from dgvae.methods import aggregated_rows, posterior_rows
from dgvae.methods.spec import Method, Value, show

METHODS: dict[str, Method] = {row.id: row for row in (*posterior_rows.ROWS, *aggregated_rows.ROWS)}

# The paper's option grids by the names that its tables use: {"bn-vae-1.2": ("bn-vae", {"gamma": 1.2}), …}
VARIANTS: dict[str, tuple[str, dict[str, Value]]] = {
    f"{method.id}-{method.grid.prefix}{show(value)}": (method.id, {method.grid.option: value})
    for method in METHODS.values()
    if method.grid
    for value in method.grid.values
}


def find_method(method_id: str) -> Method:
    """Return the row of `method_id`. Raises UserError that names the methods there are."""
    if method_id not in METHODS:
        raise UserError(f"There is no method {method_id!r}; choose one of {', '.join(METHODS)}.")
    return METHODS[method_id]


def method_and_options(name: str) -> tuple[str, dict[str, Value]]:
    """What a name stands for: the method's id and the options that the name sets.

    name: a method's or a variant's, and options after it: `mdg-vae+memory=1024+companion=none`. Raises UserError that names
    what is like it.
    """
    name, *pairs = name.split("+")
    if pairs:
        method, given = method_and_options(name)
        return method, METHODS[method].resolve({**given, **dict(map(read_pair, pairs))})
    if name in METHODS:
        return name, {}
    if name in VARIANTS:
        return VARIANTS[name]
    like = get_close_matches(name.lower(), [*METHODS, *VARIANTS], n=3, cutoff=0.5)
    suggestion = f" Did you mean {' or '.join(like)}?" if like else ""
    raise UserError(f"There is no method {name!r}; python -m train.fit --list names them all.{suggestion}")


def read_pair(text: str) -> tuple[str, str]:
    """An option and its value from `key=value`. Raises UserError."""
    name, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"An option of a method is given as key=value, not {text!r}.")
    return name, value


def methods_table() -> str:
    """METHODS as the table of docs/methods.md, in Markdown."""
    rows = [
        f"| `{m.id}` | {m.title} | {m.summary} | {_code(f'{name} ({show(o.default)})' for name, o in m.options.items())} "
        f"| {_code(variants(m))} | {m.source} |"
        for m in METHODS.values()
    ]
    head = "| `--method` | name | what it does | options (default) | named variants | source |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def methods_list() -> str:
    """METHODS for a terminal, with what every option means."""
    blocks = []
    for m in METHODS.values():
        lines = [f"{m.id:12} {m.title}: {m.summary} [{m.source}]"]
        lines += [f"{'':14}{f'--set {name}={show(o.default)}':30} {o.describe()}" for name, o in m.options.items()]
        lines += [f"{'':14}variants: {', '.join(variants(m))}"] * bool(m.grid)
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def variants(method: Method) -> list[str]:
    """The names of a method's variants."""
    return [name for name, (method_id, _) in VARIANTS.items() if method_id == method.id]


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "–"
