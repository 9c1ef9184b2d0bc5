"""A run on text of one's own: what it says before training, what it keeps, and what the app finds again."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import gradio as gr
import pytest

from dgvae.checkpoint.checkpoint import CARD_FILE, load_checkpoint
from dgvae.errors import UserError
from dgvae.explore.directions import choose_labels
from dgvae.text.corpora import SPLITS, Split, class_names, given_name, read_evaluation, read_split
from dgvae.text.tokenizer import WordTokenizer
from dgvae.ui.shelf import Shelf
from dgvae.ui.tabs.edit import EditTab
from tests.conftest import SMALL, made_up_lines
from train.bundle import main as bundle
from train.corpora import TextSource, prepare
from train.fit import main as fit
from train.run.arguments import parse_options
from train.run.run_file import read_run
from train.run.start import corpus_folder, corpus_name
from train.run.summary import EXAMPLE, TextFacts, text_facts, text_lines
from train.sweep.command import prepare_text

CLASSES = ["calm", "glad", "sad"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory):
    """A directory with mine.csv and a run on it, begun there with a relative path."""
    folder = tmp_path_factory.mktemp("home")
    lines = [line.split("\t")[1] for line in made_up_lines(300, seed=3)]
    rows = [f"{CLASSES[number % 3]};{line}<br />\n" for number, line in enumerate(lines)]
    (folder / "mine.csv").write_text("mood;note\n" + "".join(rows) + "sad;\nglad;" + "the dog " * 150 + "\n", encoding="utf-16")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DGVAE_CACHE", str(folder / "cache"))
        patched.chdir(folder)
        options = ["--train-file", "mine.csv", "--label-column", "mood", "--max-words", "100", *SMALL]
        assert fit([*options, "--method", "vae", "--epochs", "1", "--out", "runs/mine"]) == 0
        yield folder


def test_it_is_bundled_on_its_text(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home.parent)
    assert bundle([str(home / "runs" / "mine"), "--out", str(home / "small"), "--points", "0"]) == 0
    assert (
        load_checkpoint(home / "small" / "mine").metrics.evaluation
        == load_checkpoint(home / "runs" / "mine").metrics.evaluation
    )


def test_the_summary_is_in_record_log_and_card(home: Path) -> None:
    run = home / "runs" / "mine"
    record = load_checkpoint(run).metrics.training["text"]
    start = json.loads((run / "log.jsonl").read_text().splitlines()[0])
    assert start["text"] == record
    facts = TextFacts.read(record)
    assert facts
    assert sum(facts.sentences[split] for split in ("train", "valid")) == 301
    assert (facts.left_out, facts.cut, facts.classes) == ({"train": {"empty": 1}}, 1, CLASSES)
    assert facts.first_left_out == {"train": {"empty": "line 302"}}
    assert facts.markup == {"HTML tags": 300}
    assert facts.unknown < 0.1
    card = (run / CARD_FILE).read_text(encoding="utf-8")
    assert "columns are separated by semicolons" in card
    assert "1 sentence cut at 100 words" in card
    assert str(home) not in card + (run / "metrics.json").read_text()
    # There was no --test-file.
    assert "15 for validation and to measure" in dict(text_lines(facts))["sentences"]
    assert "Measured on the 15 sentences of `valid.txt`, by which the weights were chosen, with" in card
    assert "split: validation" in card
    assert TextFacts.read({"sentences": 5}) is None


def test_the_app_finds_the_sentences_of_ones_own_run_wherever_it_lies(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "runs" / "mine", tmp_path / "elsewhere" / "mine")
    shelf = Shelf(tmp_path / "elsewhere")
    corpus = next((home / "cache" / "own").glob("mine-*"))
    assert shelf.sentence("mine", 1) == read_split(corpus / "test.txt").sentences[1]
    others = Shelf(tmp_path / "empty")
    others._folders["owner/name"] = tmp_path / "elsewhere" / "mine"  # as one that a visitor has fetched
    assert others.sentence("owner/name", 1) is None


def test_edit_moves_between_any_two_labels(home: Path) -> None:
    with gr.Blocks():
        tab = EditTab(Shelf(home / "runs"), gr.Dropdown(), gr.Dropdown())
    assert "from glad to calm" in tab.move("mine", "mine", "the cook", 1, "glad", "calm")
    assert "from calm to sad" in tab.move("mine", "mine", "the cook", 1)
    assert "there are calm, glad, sad" in tab.move("mine", "mine", "the cook", 1, "angry", "calm")
    fields = {"sentence": "the cook", "strength": 1, "rank": 1, "value": 2, "from_label": "", "to_label": ""}
    assert tab.draw("mine", "mine", **fields)[-1]["choices"] == CLASSES
    assert load_checkpoint(home / "runs" / "mine").classes == dict(enumerate(CLASSES))


def test_labels_are_chosen_by_name_or_number() -> None:
    stars = {1: "label 1", 3: "label 3", 5: "label 5"}
    assert choose_labels(stars) == (1, 5)
    assert choose_labels(stars, "5") == (5, 3)
    assert choose_labels(stars, "", "label 1") == (3, 1)
    with pytest.raises(UserError, match="two different labels"):
        choose_labels(stars, "3", "3")


@pytest.mark.parametrize(
    "classes", [["-1", "0", "1"], ["0.5", "1", "1.5", "2", "3"], ["-2", "-1", "0", "1", "2"], ["-", "0", "1"]]
)
def test_classes_that_are_numbers_are_chosen_by_their_names(classes: list[str], tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(
        "text,label\n" + "".join(f"the cook {n},{classes[n % len(classes)]}\n" for n in range(200))
    )
    names = class_names(prepare(TextSource(str(tmp_path / "data.csv"), label_column="label"), tmp_path))
    assert [*names.values()] == classes
    for start, end in permutations(names, 2):
        assert choose_labels(names, names[start], names[end]) == (start, end)
    with pytest.raises(UserError, match="No encoded sentence has the label '7'"):
        choose_labels(names, "7", classes[0])


def test_classes_that_the_first_sentences_lack_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"the boat of day {n} sails,{'bad' if n < 150 else 'good'}" for n in range(300)]
    (tmp_path / "a.csv").write_text("\n".join(["text,label", *rows]))
    (tmp_path / "b.csv").write_text("text,label\n" + "".join(f"the boat of year {n} sails,fair\n" for n in range(20)))
    options = ["--train-file", str(tmp_path / "a.csv"), "--label-column", "label", "--method", "vae", "--epochs", "1", *SMALL]
    assert fit([*options, "--sentences", "100", "--out", str(tmp_path / "some")]) == 0
    assert "classes     bad; no training sentence is of good: --sentences takes the first ones" in capsys.readouterr().out
    assert fit([*options, "--test-file", str(tmp_path / "b.csv"), "--out", str(tmp_path / "all")]) == 0
    assert "takes the first ones" not in capsys.readouterr().out


def test_a_run_begun_with_a_relative_file_resumes_from_another_directory(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shutil.copytree(home / "runs" / "mine", tmp_path / "run")
    shutil.rmtree(home / "cache" / "own")  # the text has to be read again
    monkeypatch.chdir(tmp_path)
    assert fit(["--resume", "--epochs", "2", "--out", str(run)]) == 0


def test_a_file_that_moved_is_named_with_what_finds_it(home: Path, tmp_path: Path) -> None:
    options = replace(read_run(home / "runs" / "mine"), train_file=str(tmp_path / "mine.csv"))
    with pytest.raises(UserError, match=r"mine\.csv is no longer there; give its new place with --resume --train-file FILE"):
        corpus_folder(options)


def test_the_users_own_file_is_named_and_not_the_cache(home: Path, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("note\nthe boat sails home\n")
    source = TextSource(str(home / "mine.csv"), test=str(tmp_path / "one.csv"), column="note")
    folder = prepare(source, tmp_path)
    assert [given_name(folder / f"{split}.txt") for split in SPLITS] == [source.train, source.train, source.test]
    with pytest.raises(UserError, match=r"^\S*/one\.csv holds one sentence"):
        read_evaluation(folder / "test.txt")
    assert given_name(home / "test.txt") == str(home / "test.txt")


def test_what_another_models_vocabulary_lacks_is_advised_by_it(tmp_path: Path) -> None:
    text = Split(tmp_path / "train.txt", [f"boat {n} sails" for n in range(40)], [-1] * 40)
    other = WordTokenizer.train(["another text", "another text"], 100, 1)
    assert "raise --max-vocab" not in text_facts(text, text, text, other, 9, None).advice
    assert "--init-from" in text_facts(text, text, text, other, 9, None).advice
    assert "--init-from" not in text_facts(text, text, text, other, 9, 1).advice


def test_what_is_cut_or_was_trained_on_is_counted_of_all_sentences(tmp_path: Path) -> None:
    training = Split(tmp_path / "train.txt", ["the boat sails", "a dog"], [-1] * 2)
    longer = Split(tmp_path / "test.txt", ["the boat sails home", "the dog sails home now", "a dog"], [-1] * 3)
    facts = text_facts(training, training, longer, WordTokenizer.train(training.sentences, 100, 1), 3, 1)
    assert (facts.cut, facts.cut_held_out, facts.measured_in_both) == (0, {"valid": 0, "test": 2}, 1)
    lines = dict(text_lines(facts))
    assert "2 sentences to measure cut at 3 words" in lines["words"]
    assert "1 sentence to measure also in training" in lines["duplicates"]


def test_a_file_that_has_the_name_of_a_corpus_is_not_that_corpus(tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out")]
    assert corpus_name(parse_options(["--train-file", str(tmp_path / "short-yelp.csv"), *out])) == "own-short-yelp"
    assert corpus_name(parse_options(["--corpus", "short-yelp", *out])) == "short-yelp"


def test_labels_that_are_words_are_pointed_to_the_option_that_takes_them(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("glad\tthe boat sails home\n")
    with pytest.raises(UserError, match="--train-file takes labels of any kind"):
        read_split(tmp_path / "train.txt")


def test_a_sweep_says_the_same_before_it_trains(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--train-file", str(home / "mine.csv"), "--label-column", "mood", *SMALL, "--out", str(home / "x")]
    prepare_text(parse_options(arguments))
    said = capsys.readouterr().out
    assert "calm, glad, sad" in said
    assert "semicolons" in said
    (corpus,) = (home / "cache" / "own").glob("mine-*")
    training = read_split(corpus / "train.txt")
    for number in (0, len(training.sentences) // 2):
        sentence, label = training.sentences[number], CLASSES[training.labels[number]]
        assert (f'"{sentence}" ({label})' if len(sentence) <= EXAMPLE else f'"{sentence[:EXAMPLE].rstrip()} …"') in said


@pytest.mark.parametrize(
    ("lines", "options", "said"),
    [
        (["a b"] * 9 + ["a c", "b c", "d"], ["--max-vocab", "3"], "raise --max-vocab to at least 5"),
        ([f"w{n} x{n}" for n in range(40)], [], "lower --min-count"),
        (["".join(random.Random(n).choices("កខគឃង", k=30)) for n in range(40)], [], "word segmenter"),
        (
            [" ".join("".join(random.Random(9 * n + k).choices("กขคงจฉ", k=10)) for k in range(4)) for n in range(40)],
            [],
            "segmenter",
        ),
        (["one\ttwo"], [], "One sentence is too few"),
        ([f"{n / 7} {n / 11}" for n in range(101, 140)], [], "lower --min-count"),  # numbers, which no segmenter splits
    ],
)
def test_advice_names_the_cause(lines: list[str], options: list[str], said: str, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("DGVAE_CACHE", str(tmp_path))
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    assert fit(["--train-file", str(tmp_path / "a.txt"), *options, *SMALL, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err


def test_many_unknown_words_are_a_warning(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("DGVAE_CACHE", str(tmp_path))
    (tmp_path / "a.txt").write_text("\n".join(f"the word {n % 40} of {n % 45}" for n in range(200)))
    options = ["--method", "vae", "--epochs", "1", "--max-vocab", "10", *SMALL]
    assert fit(["--train-file", str(tmp_path / "a.txt"), *options, "--out", str(tmp_path / "out")]) == 0
    assert "raise --max-vocab" in capsys.readouterr().out
    assert "raise --max-vocab" in (tmp_path / "out" / CARD_FILE).read_text()


@pytest.mark.parametrize(("often", "seldom", "share"), [(30, 70, (2, 10)), (400, 2, (2, 2)), (3, 400, (20, 70))])
def test_copies_of_a_line_stay_on_one_side(often: int, seldom: int, share: tuple[int, int], tmp_path: Path) -> None:
    lines = [text for text in ("we wait", "it rains") for _ in range(often)] + [f"line {n}" for n in range(seldom)]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    folder = prepare(TextSource(str(tmp_path / "a.txt")), tmp_path)
    train, valid = (read_split(folder / f"{split}.txt").sentences for split in ("train", "valid"))
    assert not set(train) & set(valid)
    assert sorted(train + valid) == sorted(lines)
    assert share[0] <= len(valid) <= share[1]


@pytest.mark.parametrize("flag", ["--valid-file", "--test-file"])
def test_held_out_text_of_another_language_is_a_warning(flag: str, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("DGVAE_CACHE", str(tmp_path))
    (tmp_path / "a.txt").write_text("\n".join("the old boat sails home" + " again" * (n % 7) for n in range(100)))
    (tmp_path / "b.txt").write_text("la vieille barque rentre home\n" * 9)
    files = ["--train-file", str(tmp_path / "a.txt"), flag, str(tmp_path / "b.txt")]
    options = ["--method", "vae", "--epochs", "1", *SMALL, "--out", str(tmp_path / "out")]
    assert fit([*files, *options]) == 0
    assert "Warning: 80% of the" in capsys.readouterr().out
