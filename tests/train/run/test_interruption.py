"""Runs that are killed, that find no room, that lose a process: what was saved is whole, and they go on to the last bit."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from dgvae.checkpoint.checkpoint import load_checkpoint
from tests.conftest import small_run
from tests.processes import wait_until
from train.fit import main as fit

FILES = ("model.safetensors", "last.safetensors", "latents.safetensors")
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def long_run(corpus: Path, out: Path, *more: str) -> list[str]:
    """Some seconds of training, saving its state again and again."""
    options = ["--epochs", "15", "--patience", "100", "--map-points", "0", "--save-minutes", "0", "--threads", "1", *more]
    return small_run(corpus, out, *options)


def start(arguments: list[str], launcher: list[str] | None = None, limit: Callable[[], None] | None = None) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *(launcher or []), "-m", "train.fit", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=limit, start_new_session=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
    )  # fmt: skip


def differences(mine: Path, theirs: Path) -> list[str]:
    """Tensors that two runs don't have in common, to the last bit."""
    found = []
    for name in FILES:
        a, b = load_file(mine / name), load_file(theirs / name)
        assert a.keys() == b.keys()
        found += [f"{name}: {key}" for key in a if not torch.equal(a[key], b[key])]
    return found


def test_killed_at_random_moments_a_run_ends_as_if_it_had_not_been(corpus: Path, tmp_path: Path) -> None:
    """SIGKILL, which no program can hear: while it starts, trains, writes a state, or completes the checkpoint."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    begun = time.monotonic()
    assert start(long_run(corpus, whole, "--method", "pdg-vae")).wait() == 0
    seconds = time.monotonic() - begun
    rng, kills = random.Random(0), 0
    arguments = long_run(corpus, killed, "--method", "pdg-vae")
    while kills < 2:
        process = start(arguments)
        if (killed / "last.safetensors").exists():
            time.sleep(rng.uniform(0.3, 1.0) * seconds)
        else:  # the first time at once when there is a state
            wait_until((killed / "last.safetensors").exists, process)
        kills += 1
        if process.poll() is not None:
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        arguments = ["--resume", "--out", str(killed)]
        load_file(killed / "last.safetensors")  # never half a file
    if "--resume" in arguments:
        assert fit(["--resume", "--out", str(killed)]) == 0
    assert kills >= 2
    assert differences(whole, killed) == []
    assert list(killed.glob(".*.tmp")) == []
    epochs = [json.loads(line) for line in (killed / "log.jsonl").read_text().splitlines()]
    assert [e["epoch"] for e in epochs if e["event"] == "epoch"] == list(range(1, 16))  # each once


def test_a_run_that_was_killed_before_its_first_state_begins_anew(corpus: Path, checkpoints: Path, tmp_path: Path) -> None:
    for name in ("run.json", "config.json", ".last.safetensors.99.tmp"):
        (tmp_path / name).write_bytes(
            (checkpoints / "short-yelp" / "vae" / name.replace(".last.safetensors.99.tmp", "run.json")).read_bytes()
        )
    assert fit(["--resume", "--out", str(tmp_path)]) == 0
    assert load_checkpoint(tmp_path).metrics.training["finished"]
    assert list(tmp_path.glob(".*.tmp")) == []


def test_a_full_disk_ends_a_run_in_one_sentence_and_what_was_saved_is_whole(corpus: Path, tmp_path: Path) -> None:
    """As far as a process can tell: no file may grow beyond what the first state took."""
    out = tmp_path / "run"
    assert fit(long_run(corpus, out, "--epochs", "1")) == 0
    before = {name: (out / name).read_bytes() for name in FILES}
    limit = len(before["last.safetensors"]) // 2
    process = start(
        ["--resume", "--out", str(out), "--epochs", "3"],
        limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    said = process.communicate()[0]
    assert process.returncode == 2, said
    assert re.search(r"/run/\S+ can't be written .*: free some space, then continue with --resume", said.splitlines()[-1]), said
    assert "Traceback" not in said
    assert (out / "last.safetensors").read_bytes() == before["last.safetensors"]
    assert fit(["--resume", "--out", str(out), "--epochs", "3"]) == 0


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_another_text_is_not_gone_on_with(corpus: Path, checkpoints: Path, tmp_path: Path, capsys, split: str) -> None:
    other = shutil.copytree(corpus / "short-yelp", tmp_path / "short-yelp")
    lines = (other / f"{split}.txt").read_text().splitlines()
    (other / f"{split}.txt").write_text("\n".join(lines[1:]) + "\n")
    folder = checkpoints / "short-yelp" / "wae"
    assert fit(["--resume", "--out", str(folder), "--data", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f"{split}.txt is not the " in said
    assert f"give that text with --data or --{split}-file" in said


def test_two_processes_train_resume_to_the_last_bit_and_one_of_them_writes(corpus: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    more = ["--method", "pdg-vae", "--epochs", "6", "--save-minutes", "10"]
    process = start(long_run(corpus, whole, *more), TORCHRUN)
    said = process.communicate(timeout=240)[0]
    assert process.returncode == 0, said
    assert said.count("completing the checkpoint") == 1
    assert "2 processes" in said

    process = start(long_run(corpus, cut, *more), TORCHRUN)
    wait_until(lambda: (cut / "log.jsonl").exists() and '"event": "epoch"' in (cut / "log.jsonl").read_text(), process)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=120)[0]
    assert load_file(cut / "last.safetensors")
    process = start(["--resume", "--out", str(cut)], TORCHRUN)
    said = process.communicate(timeout=240)[0]
    assert process.returncode == 0, said
    assert differences(whole, cut) == []


def test_when_one_process_dies_the_other_ends_with_a_sentence(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = start(long_run(corpus, out, "--epochs", "100000"), TORCHRUN)
    wait_until(lambda: (out / "log.jsonl").exists() and '"event": "epoch"' in (out / "log.jsonl").read_text(), process)
    workers = subprocess.check_output(["pgrep", "-P", str(process.pid)], text=True).split()
    assert len(workers) == 2
    os.kill(int(workers[1]), signal.SIGKILL)
    said = process.communicate(timeout=60)[0]
    assert process.returncode != 0
    assert "another process of this run has ended; --resume continues from the last state" in said
    assert load_file(out / "last.safetensors")


@pytest.mark.parametrize("split", ["--batch-size=33", "--aggregate=local"])
def test_a_batch_that_processes_cannot_share_is_refused(split: str, corpus: Path, tmp_path: Path) -> None:
    process = start(small_run(corpus, tmp_path / "run", split), TORCHRUN)
    said = process.communicate(timeout=120)[0]
    assert process.returncode != 0
    sentence = "2 processes can't share a batch of 33" if "33" in split else "A batch of 16 cannot make groups of 32"
    assert sentence in said
