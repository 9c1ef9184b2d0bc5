"""Public checkpoints from the Hub for people one does not know: without a token, and bounded as the bytes arrive.

`dgvae.checkpoint.hub` is for one's own: it uses one's token and the Hub's cache, and believes the sizes that the Hub declares.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from huggingface_hub import constants, hf_hub_url
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from dgvae.checkpoint.checkpoint import FILES
from dgvae.checkpoint.hub import TIMEOUT, HubUnreachableError, hub_faults
from dgvae.errors import UserError

MOST_BYTES = 300_000_000  # of a checkpoint
MOST_LISTED = 5_000_000  # bytes of what the Hub says of a repository
SLOWEST = 10_000  # bytes a second; a Hub that sends less for TIMEOUT seconds is given up
LONGEST = 300.0  # seconds for all


class _TooLargeError(Exception):
    pass


def fetch_checkpoint(repository: str, revision: str | None, folder: Path, is_wanted: Callable[[], bool] = lambda: True) -> int:
    """Download a checkpoint's own files into a new folder. All of them are of one commit.

    Args:
        repository: its id, `owner/name`.
        revision: a branch, tag or commit; main by default.
        folder: must not exist yet. Nothing is left of it after an error.
        is_wanted: is asked now and then; the download stops once it says no.

    Returns:
        The size of the files, in bytes.

    Raises:
        UserError: no such public repository or revision, not a checkpoint, larger than MOST_BYTES, the Hub out of reach or too
            slow, or not wanted any more.
    """
    name = f"{repository}@{revision}" if revision else repository
    over = time.monotonic() + LONGEST
    folder.mkdir(parents=True)
    try:
        with hub_faults(repository, revision):
            commit = _commit_of_checkpoint(name, repository, revision or "main", over, is_wanted)
            size = 0
            for file in FILES:
                with open(folder / file, "wb") as target:
                    url = hf_hub_url(repository, file, revision=commit)
                    for chunk in _arriving(url, MOST_BYTES - size, over, is_wanted):
                        size += target.write(chunk)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, HubUnreachableError):
            raise UserError(f"{error}; {error.advice}, or use one of the checkpoints in the list.") from None
        if isinstance(error, _TooLargeError):
            raise UserError(f"{name} is more than the {MOST_BYTES / 1e6:,.0f} MB that are allowed.") from None
        raise
    return size


def _commit_of_checkpoint(name: str, repository: str, revision: str, over: float, is_wanted: Callable[[], bool]) -> str:
    """The commit that a revision is at, if it has a checkpoint's files. Raises UserError."""
    url = f"{constants.ENDPOINT}/api/models/{repository}/revision/{quote(revision, safe='')}"
    listed = json.loads(b"".join(_arriving(url, MOST_LISTED, over, is_wanted)))
    try:
        commit, files = str(listed["sha"]), {file["rfilename"] for file in listed["siblings"]}
    except (KeyError, TypeError):
        raise ValueError("not the Hub's answer") from None
    if missing := [file for file in FILES if file not in files]:
        raise UserError(f"{name} is not a checkpoint of this project: it has no {missing[0]}.")
    return commit


def _arriving(url: str, most: int, over: float, is_wanted: Callable[[], bool]) -> Iterator[bytes]:
    """What lies at an address, as it arrives."""
    headers = build_hf_headers(token=False) | {"Accept-Encoding": "identity"}
    with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True) as response:
        hf_raise_for_status(response)
        came, before, since = 0, 0, time.monotonic()
        for chunk in response.iter_bytes(1 << 16):
            came += len(chunk)
            if came > most:
                raise _TooLargeError
            now = time.monotonic()
            if now - since > TIMEOUT:
                if came - before < SLOWEST * (now - since) or now > over:
                    raise HubUnreachableError("The Hub is too slow just now")
                before, since = came, now
            if not is_wanted():
                raise UserError("This visit has ended; reload the page.")
            yield chunk
