"""Claims: of several processes, on one machine or on many, one at a time has a folder that they share.

A claim is a file `.claim-N` in the folder, made with O_EXCL, which is atomic over NFS too, where flock is not dependable. The
folder is its latest claim's, as long as that is renewed: who finds it released or dead makes the next one, in which one of
several succeeds. A claim is never renamed or removed, since meanwhile another process might have put a living one there.
"""

# filelock's SoftFileLease does not do: it watches another machine's claim for its whole duration before taking it over, while a
# sweep asks once for each run and goes on; nor does its file hold a note, or tell without an attempt whether the holder lives.

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dgvae.errors import UserError
from dgvae.files.atomic import read_json, unwritable

RENEWAL = 10.0  # seconds
PATIENCE = 180.0  # seconds without renewal after which a claim is dead: an NFS client may see times that are a minute old
WRITING = 5.0  # seconds that writing a claim may take
TAKEN = 75  # exit status: the folder is another process's (EX_TEMPFAIL)


@contextmanager
def claimed(folder: Path, note: Any = None) -> Iterator[bool]:
    """Have `folder` within it, unless a living process has it; whether this one got it.

    `note`, of JSON's kinds, is what `note_of` tells other processes.

    Should the claim be lost within it, because this process was held up for three minutes and another took the folder over,
    then this process ends at once with status TAKEN, for it must not write there any more.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        claim = _take(folder, note)
    except OSError as error:
        make = "make it writable, or " if isinstance(error, PermissionError) else ""
        raise unwritable(folder, error, f"{make}choose another folder") from None
    if claim is None:
        yield False
        return
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(claim, ended), daemon=True)
    keeper.start()
    try:
        yield True
    finally:
        ended.set()
        keeper.join()
        with suppress(FileNotFoundError):
            os.utime(claim, (0, 0))  # long not renewed: released


def holder(folder: Path, now: float) -> str | None:
    """The name of the machine whose process has `folder`, if one has; `now` by `file_system_time`."""
    number = _latest(folder)
    return _living(_claim(folder, number), now) if number else None


def note_of(folder: Path) -> Any:
    """The note of the process that had `folder` last. Raises UserError if it can't be read."""
    claim = _claim(folder, _latest(folder))
    deadline = time.monotonic() + WRITING
    while True:
        try:
            return read_json(claim).get("note")
        except UserError:  # it's being written
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def file_system_time(folder: Path) -> float:
    """The present by the clock of the file system, which sets the times of claims; those of machines may differ."""
    with tempfile.TemporaryFile(dir=folder) as file:
        return os.fstat(file.fileno()).st_mtime


def _take(folder: Path, note: Any) -> Path | None:
    """Make the claim after the latest one, if that is dead."""
    me = json.dumps({"host": socket.gethostname(), "machine": _machine(), "pid": os.getpid(), "note": note})
    now = file_system_time(folder)
    number = _latest(folder)
    while not number or _living(_claim(folder, number), now) is None:
        number += 1
        with suppress(FileExistsError):  # another was faster
            with open(_claim(folder, number), "x", encoding="utf-8") as file:
                file.write(me)
            return _claim(folder, number)
    return None


def _keep(claim: Path, ended: threading.Event) -> None:
    """Renew `claim` until `ended`; end the process if it's lost."""
    after = _claim(claim.parent, _number(claim) + 1)
    while not ended.wait(RENEWAL):
        try:
            os.utime(claim)
            lost = after.exists()
        except FileNotFoundError:
            lost = True
        except OSError:  # the file system is out of reach; perhaps not for long
            continue
        if lost:
            print(f"{claim.parent} was taken over, or removed, while this process was held up", file=sys.stderr, flush=True)
            os._exit(TAKEN)


def _living(claim: Path, now: float) -> str | None:
    """The machine that holds `claim`, unless it is dead."""
    try:
        age = now - claim.stat().st_mtime
        said = read_json(claim)
    except FileNotFoundError:
        return None
    except UserError:  # it's being written
        said = {}
    is_here = said.get("machine") is not None and said["machine"] == _machine()
    if abs(age) > PATIENCE or (is_here and not _is_running(said["pid"])):
        return None
    return str(said.get("host", "another machine"))


def _machine() -> str | None:
    """That in which a pid is unique: a boot of a kernel, and a namespace of it. None where it can't be told, as on macOS."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip() + " " + os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # there is one, but not ours
        return True
    return True


def _claim(folder: Path, number: int) -> Path:
    return folder / f".claim-{number}"


def _number(claim: Path) -> int:
    return int(claim.name.removeprefix(".claim-"))


def _latest(folder: Path) -> int:
    """The number of the latest claim; 0 if there is none."""
    claims = (path for path in folder.glob(".claim-*") if path.name.removeprefix(".claim-").isdecimal())
    return max(map(_number, claims), default=0)
