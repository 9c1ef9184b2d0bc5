"""`python -m train.evaluate`: full figures in the checkpoint, a report, going on where it was, and what it refuses."""

from __future__ import annotations

import csv
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from dgvae.checkpoint.checkpoint import load_checkpoint
from dgvae.checkpoint.latents import Latents
from dgvae.evaluation.figures import FIGURES
from dgvae.evaluation.record import Record
from dgvae.methods.table import METHODS
from dgvae.model.text_vae import TextVAE
from dgvae.text.corpora import Split, read_evaluation, read_split
from train.bundle import main as bundle
from train.evaluate import command as command
from train.evaluate import texts as measuring
from train.evaluate.command import main as evaluate
from train.evaluate.find_text import read_texts, trained_on
from train.evaluate.report_table import Row
from train.evaluate.seeds import over_seeds
from train.map import main as make_map


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "SAMPLES", 50)
    monkeypatch.setattr(measuring, "INTERPOLATIONS", 6)
    monkeypatch.setattr("train.evaluate.report.PRIOR_SAMPLES", 200)


@pytest.fixture
def copies(checkpoints: Path, tmp_path: Path) -> Path:
    """A folder of checkpoints that a test may change."""
    return shutil.copytree(checkpoints / "short-yelp", tmp_path / "short-yelp")


def test_every_method_gets_every_figure_it_can_have(copies: Path, corpus: Path, tmp_path: Path, capsys) -> None:
    report = tmp_path / "report"
    assert evaluate([str(copies), "--data", str(corpus), "--out", str(report)]) == 0
    said = capsys.readouterr().out
    for method in METHODS:
        measured = load_checkpoint(copies / method).metrics
        assert measured.figures.keys() | measured.absent.keys() == FIGURES.keys()
        assert not measured.figures.keys() & measured.absent.keys()
        assert all(estimate.error >= 0 for estimate in measured.figures.values())
        assert len(measured.interpolation["to_start"]) == measuring.STEPS
        assert measured.reference.keys() == {"forward_perplexity", "distinct_1", "distinct_2"}
        assert f"{METHODS[method].title}" in said
        assert "| BLEU |" in (copies / method / "README.md").read_text()
    rows = list(csv.DictReader((report / "figures.csv").open()))
    assert {row["checkpoint"] for row in rows} == METHODS.keys()
    assert rows[0].keys() > {"kl", "kl_error", "prior_ll", "bleu"}
    text = (report / "report.md").read_text()
    assert "MI cannot exceed the log of the number of sentences: log 100 = 4.61" in text
    for name in (
        "likelihoods",
        "information-and-gap",
        "information-and-holes",
        "interpolation",
        "learning-curves",
        "density-dg-vae",
    ):
        assert f"]({name}.svg)" in text
        assert (report / f"{name}.svg").read_text().startswith("<svg")
        assert (report / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert not (report / "density-vmf-vae.svg").exists()


def test_what_was_measured_is_not_measured_again_unless_asked(copies: Path, corpus: Path, capsys) -> None:
    arguments = [str(copies / "vae"), "--data", str(corpus)]
    assert evaluate(arguments) == 0
    assert "samples …" in capsys.readouterr().out
    path = copies / "vae" / "metrics.json"
    before = path.read_text()
    assert evaluate(arguments) == 0
    assert " …" not in capsys.readouterr().out
    assert evaluate([*arguments, "--again"]) == 0
    assert path.read_text() == before  # the same seeds, the same figures


def test_a_stopped_evaluation_keeps_its_parts_and_goes_on(copies: Path, corpus: Path, monkeypatch, capsys) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    arguments = [str(copies / "dg-vae"), "--data", str(corpus)]
    with monkeypatch.context() as patch:
        patch.setattr(measuring, "add_interpolation", interrupt)
        assert evaluate(arguments) == 130
    assert "the same command continues from here" in capsys.readouterr().err
    kept = load_checkpoint(copies / "dg-vae").metrics
    assert {"prior_ll", "bleu"} <= kept.figures.keys()
    assert "interpolation_rouge" not in kept.figures
    assert evaluate(arguments) == 0
    said = capsys.readouterr().out
    assert "interpolations …" in said
    assert "likelihoods …" not in said
    assert load_checkpoint(copies / "dg-vae").metrics.figures.keys() > kept.figures.keys()


def test_only_the_parts_that_are_named_are_measured(copies: Path, corpus: Path, capsys) -> None:
    arguments = [str(copies / "vae"), "--data", str(corpus)]
    assert evaluate([*arguments, "--parts", "likelihoods, reconstructions"]) == 0
    figures = load_checkpoint(copies / "vae").metrics.figures.keys()
    assert {"prior_ll", "bleu"} <= figures
    assert not {"interpolation_rouge", "distinct_1"} & figures
    for name in measuring.PARTS:
        assert evaluate([*arguments, "--again", "--parts", name]) == 0
        assert [line for line in capsys.readouterr().out.splitlines() if line.endswith("…")][-1] == f"  {name} …"
    with pytest.raises(SystemExit):
        evaluate([*arguments, "--parts", "likelihood"])
    assert "argument --parts: knows no 'likelihood'; choose among latents, likelihoods" in capsys.readouterr().err


def test_perplexities_of_another_training_text_are_not_kept(copies: Path, corpus: Path, tmp_path: Path, capsys) -> None:
    arguments = [str(copies / "vae"), "--parts", "samples", "--data"]
    assert evaluate([*arguments, str(corpus)]) == 0
    before = load_checkpoint(copies / "vae").metrics
    text = shutil.copytree(corpus, tmp_path / "other") / "short-yelp/train.txt"
    text.write_text(text.read_text().partition("\n")[2])
    assert evaluate([*arguments, str(tmp_path / "other"), "--again"]) == 0
    assert "train.txt is not the text that it was trained on" in capsys.readouterr().out
    after = load_checkpoint(copies / "vae").metrics
    assert (after.figures, after.reference) == (before.figures, before.reference)


def test_what_falls_with_the_number_of_sentences_has_no_reference_of_fewer(copies: Path, corpus: Path, monkeypatch) -> None:
    monkeypatch.setattr(measuring, "SAMPLES", 101)  # and there are 100 sentences
    assert evaluate([str(copies / "vae"), "--parts", "samples", "--data", str(corpus)]) == 0
    assert load_checkpoint(copies / "vae").metrics.reference.keys() == {"forward_perplexity"}


def test_training_sentences_are_those_of_the_run(copies: Path, corpus: Path) -> None:
    texts = read_texts(corpus / "short-yelp", training=True)
    record = load_checkpoint(copies / "vae").metrics
    assert texts.training
    assert trained_on(copies / "vae", record, texts) is texts

    def of_first(count: int, training: Split) -> Split | None:
        made = replace(record, training=record.training | {"sentences": count, "training_sha256": training.first(count).sha256})
        return trained_on(copies / "vae", made, texts).training

    assert of_first(20, texts.training) == texts.training.first(20)
    assert of_first(20, texts.evaluation) is None
    old = replace(record, training={"sentences": len(texts.training.sentences) + 1})  # of a bundled one of an earlier version
    assert trained_on(copies, old, texts).training is None


def test_a_run_knows_its_text(copies: Path) -> None:
    assert evaluate([str(copies / "vae")]) == 0
    assert load_checkpoint(copies / "vae").metrics.figures.keys() >= {"prior_ll", "bleu", "forward_perplexity"}


def test_without_text_only_latents_are_measured(copies: Path, capsys, monkeypatch) -> None:
    monkeypatch.delenv("DGVAE_DATA", raising=False)
    (copies / "pdg-vae" / "run.json").unlink()
    path = copies / "pdg-vae" / "metrics.json"
    old = json.loads(path.read_text())
    kept = {name: old[name] for name in ("corpus", "weights", "evaluation", "training")}
    path.write_text(json.dumps({"format": 1, **kept, "kl": 1.0}))  # as an earlier version wrote it
    assert evaluate([str(copies / "pdg-vae")]) == 0
    assert "Only what needs no text was measured; --data names" in capsys.readouterr().out
    figures = json.loads(path.read_text())["figures"]
    assert figures["smoothed_gap"] == old["figures"]["smoothed_gap"]
    assert "bleu" not in figures


def test_other_sentences_than_its_own_leave_a_checkpoint_as_it_is(copies: Path, corpus: Path, tmp_path: Path, capsys) -> None:
    before = (copies / "dg-vae" / "metrics.json").read_text()
    other = tmp_path / os.fsdecode(b"caf\xe9.txt")  # a name that is not UTF-8
    shutil.copy(corpus / "short-yelp" / "valid.txt", other)
    report = tmp_path / "report"
    assert evaluate([str(copies / "dg-vae"), "--test-file", str(other), "--out", str(report)]) == 0
    assert "its metrics.json stays as it is" in capsys.readouterr().out
    assert (copies / "dg-vae" / "metrics.json").read_text() == before
    assert "caf\\udce9.txt themselves: " in (report / "report.md").read_text(encoding="utf-8")
    (row,) = csv.DictReader((report / "figures.csv").open())
    assert row["prior_ll"]
    assert not row["forward_perplexity"]  # there was no training text
    assert row["kl"] != str(Record.load(copies / "dg-vae").figures["kl"].value)


def test_sentences_that_were_trained_on_are_counted(copies: Path, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained = str(corpus / "short-yelp" / "train.txt")
    for options in ([], ["--train-file", trained]):
        assert evaluate([str(copies / "dg-vae"), "--test-file", trained, "--parts", "latents", *options]) == 0
        assert "sentences to measure are in the training text, and figures of these are better" in capsys.readouterr().out


def test_runs_planned_for_other_epochs_are_no_seeds_of_one_another(copies: Path, corpus: Path) -> None:
    record, config = Record.load(copies / "dg-vae"), TextVAE.from_pretrained(copies / "dg-vae").config
    assert record.training["planned_epochs"] == record.training["epochs"]
    posterior = Latents.load(copies / "dg-vae", config).posterior
    runs = [
        Row(name, copies, config, replace(record, training=record.training | changes), posterior, None)
        for name, changes in (
            ("dg", {}), ("dg-seed1", {"seed": 1, "epochs": 2}), ("dg-seed2", {"seed": 2, "planned_epochs": 30, "epochs": 30}),
            ("dg-seed3", {"seed": 3, "bundled_from": "0" * 64}), ("dg-seed1", {"seed": 1}),
        )
    ]  # fmt: skip
    assert [row.name for row in over_seeds(runs)] == ["dg (3 seeds)", "dg", "dg"]  # one seed is not two
    planless = {name: value for name, value in record.training.items() if name != "planned_epochs"}  # of earlier versions
    earlier = [
        replace(run, record=replace(record, training=planless | {"seed": seed, "epochs": epochs}))
        for run, seed, epochs in zip(runs, (0, 1, 2), (5, 5, 50), strict=False)
    ]
    assert [row.name for row in over_seeds(earlier)] == ["dg (2 seeds)", "dg"]


def test_outliers_are_counted_among_the_sentences_that_are_measured(copies: Path, corpus: Path, tmp_path: Path) -> None:
    folder, model = copies / "dg-vae", TextVAE.from_pretrained(copies / "dg-vae")
    known = replace(Record.load(folder), outliers=40)
    known.save(folder)
    other = measuring.Texts(read_evaluation(corpus / "short-yelp" / "valid.txt"), None)
    assert command.add_missing_figures(folder, model, known, other, again=False, wanted=["latents"])[0].outliers < 40
    own = measuring.Texts(read_evaluation(corpus / "short-yelp" / "test.txt"), None)
    assert command.add_missing_figures(folder, model, known, own, again=True, wanted=["latents"])[0].outliers < 40
    assert Record.load(folder).outliers < 40


def test_how_other_sentences_are_read_is_said_and_is_how_the_run_read_its_own(
    copies: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.csv"
    rows = [
        f"{text.upper()},{'' if n % 2 else 'a'}"
        for n, text in enumerate(read_split(corpus / "short-yelp" / "valid.txt").sentences)
    ]
    path.write_text("\n".join(["text,label", *(row if row.count(",") == 1 else "a b c,a" for row in rows)]))
    run = tmp_path / "run"
    shutil.copytree(copies / "vae", run)
    options = {"method": "vae", "epochs": 1, "batch_size": 32, "learning_rate": 0.001, "latent_dim": 4, "seed": 0}
    for tokenized in (True, False):
        (run / "run.json").write_text(json.dumps(options | {"train_file": str(path), "tokenized": tokenized}))
        assert evaluate([str(run), "--test-file", str(path), "--label-column", "label", "--parts", "reconstructions"]) == 0
        said = capsys.readouterr().out
        assert f"sentences   {len(rows)}\n" in said  # half of them have no label, and are measured as well
        assert "the text is in column text" in said
        assert (rows[0].split(",")[0] in said) == tokenized
        assert "of the text's words are <unk>" in said


REFUSED = {
    "a folder without checkpoints": (["{tmp}"], "There is no checkpoint in"),
    "no such folder": (["{tmp}/nowhere"], "There is no checkpoint in"),
    "two texts": (["{copies}/vae", "--data", "{tmp}", "--test-file", "{tmp}/x"], "Name either --data or --test-file"),
    "training text alone": (["{copies}/vae", "--train-file", "{tmp}/x"], "--train-file goes with --test-file"),
    "a report that is a file": (["{copies}/vae", "--out", "{copies}/vae/config.json"], "is a file; --out names a folder"),
    "one sentence": (["{copies}/vae", "--test-file", "{tmp}/one.txt"], "holds one sentence; an aggregated posterior"),
    "no such text": (["{copies}/vae", "--test-file", "{tmp}/x"], "empty/x"),
    "no corpus there": (["{copies}/vae", "--data", "{tmp}"], "lacks train.txt, valid.txt, test.txt"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_cannot_be_done_is_said_in_one_sentence(fault: str, checkpoints: Path, tmp_path: Path, capsys) -> None:
    arguments, said = REFUSED[fault]
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "one.txt").write_text("a sentence alone .\n")
    places = {"tmp": str(tmp_path / "empty"), "copies": str(checkpoints / "short-yelp")}
    assert evaluate([argument.format(**places) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_newer_weights_than_latents_are_refused(copies: Path, corpus: Path, capsys) -> None:
    shutil.copy(copies / "vae" / "model.safetensors", copies / "dg-vae" / "model.safetensors")
    for run, options in ((evaluate, []), (make_map, []), (bundle, ["--out", str(copies / "small"), "--data", str(corpus)])):
        assert run([str(copies / "dg-vae"), *options]) == 2
        assert "has newer weights than its latents and metrics: it is still training, or was cut" in capsys.readouterr().err


def test_a_run_that_was_cut_off_is_told_how_to_go_on(copies: Path, capsys) -> None:
    (copies / "dg-vae" / "metrics.json").unlink()
    assert evaluate([str(copies / "dg-vae")]) == 2
    assert f"complete it with: python -m train.fit --resume --out {copies / 'dg-vae'}" in capsys.readouterr().err


def test_a_broken_checkpoint_does_not_keep_the_others_from_being_measured(copies: Path, tmp_path: Path, capsys) -> None:
    (copies / "bn-vae" / "model.safetensors").write_bytes(b"1234")
    (copies / "dg-vae" / "metrics.json").write_text("[]")
    chosen = [str(copies / method) for method in ("bn-vae", "dg-vae", "pdg-vae", "vae")]
    assert evaluate([*chosen, "--out", str(tmp_path / "report")]) == 1
    said = capsys.readouterr()
    assert "bn-vae/model.safetensors is broken" in said.err
    assert "dg-vae/metrics.json must hold a JSON object" in said.err
    assert len(list(csv.DictReader((tmp_path / "report" / "figures.csv").open()))) == len(chosen) - 2
    assert "| PDG-VAE · pdg-vae" in said.out


def test_checkpoints_of_one_name_are_told_apart(copies: Path, tmp_path: Path) -> None:
    again = shutil.copytree(copies / "vae", tmp_path / "other" / "vae")
    assert len(command.chosen([copies / "vae", again])) == 2
