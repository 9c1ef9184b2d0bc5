"""Checkpoints from the Hugging Face Hub: found, pinned, checked for size, then downloaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    RevisionResolutionError,
)
from huggingface_hub.utils import validate_repo_id

from dgvae.checkpoint.checkpoint import FILES
from dgvae.environment import check_network
from dgvae.errors import UserError

MAX_BYTES = 500_000_000
TIMEOUT = 10.0  # seconds until the Hub counts as out of reach

_REPOSITORY = re.compile(r"(?:https?://huggingface\.co/)?([\w][\w.-]*/[\w][\w.-]*?)(?:@([\w./-]+)|/tree/([\w.-]+))?/?")


def parse_repository(text: str) -> tuple[str, str | None]:
    """'owner/name', 'owner/name@revision' or its address on the Hub -> (id, revision). Raises UserError."""
    try:
        match = _REPOSITORY.fullmatch(text.strip())
        repository, revision = (match[1], match[2] or match[3]) if match else ("", None)
        validate_repo_id(repository)
        if ".." in (revision or ""):  # the cache has a file of this name
            raise HFValidationError
    except HFValidationError:
        raise UserError(f"A Hub repository is written owner/name or owner/name@revision, not {text.strip()!r}.") from None
    return repository, revision


def download_checkpoint(repository: str, revision: str | None = None, token: bool | None = None) -> Path:
    """Download what is not cached of a checkpoint on the Hub.

    All files are of one commit: the revision is resolved first. Only a checkpoint's own files are fetched, never a pickle.
    Where the Hub cannot be reached, what the cache has is used.

    Args:
        repository: its id, `owner/name`.
        revision: a branch, tag or commit; main by default.
        token: whether the user's own is sent; by default if there is one.

    Returns:
        The local folder.

    Raises:
        UserError: no such repository or revision, not a checkpoint, larger than MAX_BYTES, or the Hub out of reach.
    """
    name = f"{repository}@{revision}" if revision else repository
    try:
        with hub_faults(repository, revision):
            hub = HfApi(token=token)
            pinned = hub.resolve_revision(repository, revision=revision)  # and the cache remembers which commit it was
            info = hub.model_info(repository, revision=pinned.resolved, files_metadata=True, timeout=TIMEOUT)
            sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
            if missing := [file for file in FILES if file not in sizes]:
                raise UserError(f"{name} is not a checkpoint of this project: it has no {missing[0]}.")
            if (total := sum(sizes[file] for file in FILES)) > MAX_BYTES:
                raise UserError(f"{name} is {total / 1e6:,.0f} MB, more than the {MAX_BYTES / 1e6:,.0f} MB that are allowed.")
            return Path(snapshot_download(repository, revision=pinned, allow_patterns=list(FILES), token=token))
    except HubUnreachableError as error:
        return _from_cache(repository, revision, error)


class HubUnreachableError(Exception):
    """The Hub is out of reach, or refuses; the message is the beginning of a sentence that says so.

    advice: what to do, as the rest of that sentence says it.
    """

    def __init__(self, said: str, advice: str = "try again later") -> None:
        super().__init__(said)
        self.advice = advice


@contextmanager
def hub_faults(repository: str, revision: str | None, kind: str = "model repository") -> Iterator[None]:
    """Turn every fault of the Hub into one sentence for the user.

    Args:
        repository: its id, `owner/name`.
        revision: a branch, tag or commit, if one was asked for.
        kind: of the repository, for the sentence.

    Yields:
        Once, for the code that asks the Hub.

    Raises:
        HubUnreachableError: the Hub can't be reached; a cache may help.
        UserError: any other fault.
    """
    try:
        check_network()
    except UserError as error:
        raise HubUnreachableError(f"The Hub can't be reached ({str(error).rstrip('.')})", "then try again") from None
    try:
        yield
    except GatedRepoError:
        raise UserError(f"{repository} is gated: accept its terms on the Hub and log in with `hf auth login`.") from None
    except RepositoryNotFoundError:
        raise UserError(f"The Hub has no {kind} {repository}, or it is private.") from None
    except RevisionNotFoundError:
        raise UserError(f"{repository} has no revision {revision}.") from None
    except RevisionResolutionError as error:
        raise _unreachable(repository, error.__cause__) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise _unreachable(repository, error) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{repository} could not be stored on this machine ({reason}).") from None
    except ValueError:  # a network's log-in page, for one
        raise UserError("The answer did not come from the Hub; check the network.") from None


def _unreachable(repository: str, error: BaseException | None) -> HubUnreachableError:
    if isinstance(error, HfHubHTTPError):
        return HubUnreachableError(f"The Hub refused {repository} (status {error.response.status_code})")
    return HubUnreachableError(*unreached(error))


def unreached(error: BaseException | None) -> tuple[str, str]:
    """Why the Hub can't be reached, as the beginning of a sentence, and what to do."""
    if isinstance(error, OfflineModeIsEnabled):
        return "The Hub can't be reached (HF_HUB_OFFLINE is set)", "unset it"
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        return f"The Hub can't be reached (HF_ENDPOINT is {constants.ENDPOINT!r})", "correct it, or unset it"
    return f"The Hub can't be reached ({type(error).__name__})", "try again later"


def _from_cache(repository: str, revision: str | None, error: HubUnreachableError) -> Path:
    """What was downloaded before, or the UserError that says why it can't be now."""
    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=list(FILES), local_files_only=True))
    except LocalEntryNotFoundError:
        raise UserError(
            f"{error} and it is not in this machine's cache; {error.advice}, or use one of the checkpoints in the list."
        ) from None
