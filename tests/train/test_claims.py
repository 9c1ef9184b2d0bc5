"""Claims on a folder: one living process has it, and what is dead is taken over by one."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dgvae.errors import UserError
from train import claims
from train.claims import TAKEN, claimed, file_system_time, holder

HOLD = """
import sys
from pathlib import Path
from train import claims

claims.RENEWAL = 0.1
with claims.claimed(Path(sys.argv[1])) as mine:
    print(mine, flush=True)
    sys.stdin.read()
"""


def hold(folder: Path) -> tuple[subprocess.Popen[str], bool]:
    """A process that has the claim until its stdin is closed, and whether it got it."""
    process = begin_to_hold(folder)
    return process, got_it(process)


def begin_to_hold(folder: Path) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def got_it(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return process.stdout.readline() == "True\n"


def claim_of_another_machine(folder: Path, seconds_ago: float) -> None:
    claim = folder / ".claim-1"
    claim.write_text(json.dumps({"host": "node7", "machine": "another", "pid": os.getpid()}))
    renewed = file_system_time(folder) - seconds_ago
    os.utime(claim, (renewed, renewed))


def is_free(folder: Path) -> bool:
    with claimed(folder) as mine:
        return mine


def test_of_many_processes_one_gets_the_folder_and_then_the_next(tmp_path: Path) -> None:
    claim_of_another_machine(tmp_path, seconds_ago=1000)  # dead: all of them try to take it over
    processes = [begin_to_hold(tmp_path) for _ in range(6)]
    assert sorted(map(got_it, processes)) == [False] * 5 + [True]
    for process in processes:
        process.communicate()
    assert holder(tmp_path, file_system_time(tmp_path)) is None  # released
    assert is_free(tmp_path)


def test_what_a_killed_process_had_is_free_at_once_on_its_machine(tmp_path: Path) -> None:
    process, mine = hold(tmp_path)
    assert mine
    assert holder(tmp_path, file_system_time(tmp_path)) is not None
    assert not is_free(tmp_path)
    process.kill()
    process.communicate()
    assert holder(tmp_path, file_system_time(tmp_path)) is None
    assert is_free(tmp_path)


@pytest.mark.parametrize(("seconds_ago", "free"), [(100, False), (200, True), (-200, True)])
def test_another_machines_claim_is_dead_three_minutes_after_its_renewal(seconds_ago: float, free: bool, tmp_path: Path) -> None:
    claim_of_another_machine(tmp_path, seconds_ago)
    assert holder(tmp_path, file_system_time(tmp_path)) == (None if free else "node7")
    assert is_free(tmp_path) is free


def test_a_claim_that_is_being_written_holds(tmp_path: Path) -> None:
    (tmp_path / ".claim-1").touch()
    assert not is_free(tmp_path)


def test_a_taker_that_was_slow_does_not_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It found claim 1 dead; meanwhile another has taken the folder over."""
    claim_of_another_machine(tmp_path, seconds_ago=1000)
    with claimed(tmp_path) as mine:
        assert mine
        monkeypatch.setattr(claims, "_latest", lambda _: 1)
        assert not is_free(tmp_path)


def test_a_claim_is_renewed_and_released_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "RENEWAL", 0.05)
    claim = tmp_path / ".claim-1"

    def renew_and_fail() -> None:
        with claimed(tmp_path):
            os.utime(claim, (1, 1))
            deadline = time.monotonic() + 30
            while claim.stat().st_mtime == 1 and time.monotonic() < deadline:
                time.sleep(0.02)
            assert abs(claim.stat().st_mtime - file_system_time(tmp_path)) < 10
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        renew_and_fail()
    assert is_free(tmp_path)


def test_a_process_that_was_held_up_and_lost_its_claim_ends(tmp_path: Path) -> None:
    process, mine = hold(tmp_path)
    assert mine
    process.send_signal(signal.SIGSTOP)
    os.utime(tmp_path / ".claim-1", (1, 1))
    with claimed(tmp_path) as mine:
        assert mine
        process.send_signal(signal.SIGCONT)
        assert process.wait(30) == TAKEN
        assert holder(tmp_path, file_system_time(tmp_path)) is not None
    assert "was taken over" in process.communicate()[1]


def test_room_is_asked_for_where_it_lacks_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UserError, match=r"can't be written \(File exists\); choose another folder\.$"),
        claimed(tmp_path / "file"),
    ):
        pass

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(claims, "_take", full)
    with pytest.raises(UserError, match=r"free some space there, or choose another folder\.$"), claimed(tmp_path / "full"):
        pass


def test_copies_of_claims_are_no_claims(tmp_path: Path) -> None:
    for name in (".claim-old", ".claim-1 (copy)", ".claim-"):
        (tmp_path / name).write_text("{}")
    with claimed(tmp_path) as mine:
        assert mine
