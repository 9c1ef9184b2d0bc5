"""The documentation is true: its Python runs, its options exist, its links lead somewhere, its limits are the program's."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import dgvae
from dgvae.checkpoint import public_hub
from dgvae.ui import brought, given
from dgvae.ui.lab import visitors
from dgvae.ui.requests import limits, turns, uploads
from tests.docs.tables import PAGES, ROOT, with_tables

BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"(?:torchrun .*-m|python -m|python) (?P<program>app\.py|(?:train|dgvae|tests)\.[\w.]+)(?P<options>.*)")
LINK = re.compile(r"\]\((?!https?:)(?P<file>[^)#]*)(?:#[^)]*)?\)")
ROOT_PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]


def by_name(page: Path) -> str:
    return page.stem


def blocks(page: Path, language: str) -> list[str]:
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [block["code"] for block in found if block["language"] == language]


def commands(page: Path) -> Iterator[tuple[str, str]]:
    """The programs that a page's code calls, each with its options; also those inside a line."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for code in [*blocks(page, ""), *re.findall(r"`((?:python|torchrun) [^`]+)`", text)]:
        for call in COMMAND.finditer(code.replace("\\\n", " ")):
            yield call["program"], call["options"]


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES[1:] if blocks(page, "python")], ids=by_name)
def test_the_python_of_a_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    exec("\n".join(blocks(page, "python")), {})


def test_the_readmes_python_runs_and_prints_five_samples_with_their_gaps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    exec("\n".join(blocks(ROOT / "README.md", "python")), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert all(re.match(r"[+-]\d+\.\d  \w", line) for line in lines)


@cache
def options_of(program: str) -> frozenset[str]:
    """The options that a program names in its help."""
    name = program.removesuffix(".py")
    is_folder = (ROOT / name.replace(".", "/")).is_dir()
    module = import_module(f"{name}.__main__" if is_folder else name)
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        module.main(["--help"])
    return frozenset(re.findall(r"--[a-z][\w-]*", said.getvalue()))


@pytest.mark.parametrize("page", [page for page in [*PAGES, *ROOT_PAGES[1:]] if [*commands(page)]], ids=by_name)
def test_the_options_of_commands_exist(page: Path) -> None:
    for program, options in commands(page):
        if program.startswith("tests."):
            assert importlib.util.find_spec(program), program
            continue
        known = options_of(program) | (options_of("train.fit") if program == "train.sweep" else set())
        given = {word for word in shlex.split(options, comments=True) if word.startswith("--")}
        assert given <= known, f"{program} has no {', '.join(given - known)}"


@pytest.mark.parametrize("page", ROOT_PAGES, ids=by_name)
def test_the_links_of_a_page_outside_docs_lead_somewhere(page: Path) -> None:  # those inside are checked by `make docs`
    for link in LINK.finditer(page.read_text(encoding="utf-8")):
        assert (page.parent / link["file"]).exists(), link["file"]


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_the_generated_tables_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == with_tables(text), "write them anew with: make tables"


def test_the_citation_names_this_version() -> None:
    assert f"version: {dgvae.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {dgvae.__version__}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize(
    "said",
    [
        f"at most {public_hub.MOST_BYTES / 1e6:.0f} MB",
        f"the app holds {brought.MOST_MODELS} of them with {brought.MOST_BYTES / 1e6:.0f} MB",
        f"A request may have {limits.MOST_SENT / 1e6:.0f} MB",
        f"{turns.MOST_OF_VISITOR} unanswered requests, and all visitors together {turns.MOST_WAITING}",
        f"{uploads.MOST_BYTES / 1e6:.0f} MB, {given.MOST_EXAMPLES:,} examples and {given.MOST_DIMENSIONS} dimensions",
        f"measured one at a time, and at most {given.MOST_MEASURED} wait",
        f"The lab has {visitors.MOST_LABS} places",
    ],
)
def test_the_limits_are_those_of_the_program(said: str) -> None:
    page = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    assert said in " ".join(page.split())
