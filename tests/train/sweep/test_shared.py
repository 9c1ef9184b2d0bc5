"""Sweeps that share a folder, as on several machines, and signals: real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dgvae.checkpoint.checkpoint import load_checkpoint
from tests.conftest import SMALL
from tests.processes import wait_until
from train.claims import file_system_time, holder
from train.run.logs import read_log

SECONDS = 120  # for what takes a few
SWEEP = (sys.executable, "-m", "train.sweep")

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def arguments(corpus: Path, tmp_path: Path) -> list[str]:
    text = ["--corpus", "short-yelp", "--data", str(corpus), "--sentences", "90", *SMALL]
    return ["--out", str(tmp_path), "--no-report", *text, "--map-points", "0", "--threads", "1"]


def hear_ctrl_c() -> None:
    """What was started in the background of a script would ignore it, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts sweeps as other terminals would; none is left behind."""
    started: list[subprocess.Popen[str]] = []

    def begin(*command: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        started.append(
            subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True, preexec_fn=hear_ctrl_c
            )
        )
        return started[-1]

    yield begin
    for process in started:
        process.kill()


def epochs(folder: Path) -> list[int]:
    """What the run's log tells."""
    return [entry["epoch"] for entry in read_log(folder) if entry["event"] == "epoch"]


def test_two_sweeps_share_the_runs_and_both_show_all(start: Start, arguments: list[str], tmp_path: Path) -> None:
    names = ["vae", "bn-vae-1.2"]
    sweeps = [start(*SWEEP, "--methods", ",".join(names), *arguments, "--epochs", "1") for _ in range(2)]
    for sweep in sweeps:
        out, err = sweep.communicate(timeout=SECONDS)
        assert sweep.returncode == 0, out + err
        rows = out.split("\n\n")[-1].splitlines()[2:]
        assert [row.split(" | ")[0] for row in rows] == [f"| {name}" for name in names]
    for name in names:
        assert epochs(tmp_path / name) == [1]
        assert (tmp_path / name / "fit.log").read_text().count(" weights, ") == 1


def test_a_sweep_that_is_stopped_or_killed_goes_on_without_loss(start: Start, arguments: list[str], tmp_path: Path) -> None:
    """Ctrl-C at a terminal; the same command twice, of which one waits, and takes over when the other is killed; SIGTERM."""
    folder = tmp_path / "vae"
    endless = [*SWEEP, "--methods", "vae", *arguments, "--epochs", "1000000", "--patience", "1000000"]

    at_terminal = start(sys.executable, "-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)", *endless)
    wait_until(lambda: len(epochs(folder)) > 2, at_terminal)
    out, _ = at_terminal.communicate("\x03", timeout=SECONDS)
    assert at_terminal.returncode == 130, out
    assert "1 running" in out
    assert "the same command continues from here" in out
    assert "Traceback" not in out + (folder / "fit.log").read_text()
    assert load_checkpoint(folder).metrics.training["finished"] is False
    assert holder(folder, file_system_time(folder)) is None

    before = len(epochs(folder))
    killed = start(*endless)
    wait_until(lambda: len(epochs(folder)) > before, killed)
    other = start(*endless)
    assert other.stdout is not None
    assert any("waiting for other processes, which train vae (epoch " in line for line in other.stdout)
    killed.kill()
    killed.communicate(timeout=SECONDS)
    wait_until(lambda: (folder / ".claim-3").exists(), other)
    before = len(epochs(folder))
    wait_until(lambda: len(epochs(folder)) > before, other)

    other.terminate()
    _, err = other.communicate(timeout=SECONDS)
    assert other.returncode == 130, err
    assert "the same command continues from here" in err
    assert load_checkpoint(folder).metrics.training["finished"] is False
    assert holder(folder, file_system_time(folder)) is None
    assert epochs(folder) == list(range(1, len(epochs(folder)) + 1))  # no epoch was trained twice, and none left out
