"""A download that goes on where it was cut off, in this process or in a later one."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import httpx2
from tqdm import tqdm

TRIES = 3  # in a row without a new byte
WAIT = 1.0  # seconds before the second try, twice as many before the third …
TIMEOUT = 30.0  # seconds without a byte
BUSY = {429, 500, 502, 503, 504}
PARTIAL, RANGE_REFUSED = 206, 416


class NotTheFileError(Exception):
    """The server gave a web page in place of a file."""


class _CutOffError(httpx2.TransportError):
    """Less or more came than was announced."""


class WrongHashError(Exception):
    """The server gave a file with another sha256, which is deleted."""


def download(url: str, path: Path, sha256: str | None = None) -> None:
    """Download `url` to `path`, unless the file is there with this sha256, or with any if None is given.

    What has come so far lies in `path`.partial, and its version on the server beside it. From a server that knows nothing of
    ranges, or has another version by now, the whole file comes again.

    Args:
        url: where the file is.
        path: where it goes, in a folder that exists.
        sha256: in hexadecimal.

    Raises:
        NotTheFileError, WrongHashError: it is another file.
        httpx2.HTTPStatusError: the server refuses.
        httpx2.TransportError: the server can't be reached.
        OSError: `path` can't be written.
    """
    if path.exists() and has_sha256(path, sha256):
        return
    partial = path.with_name(f"{path.name}.partial")
    _Download(partial).finish(url)
    if not has_sha256(partial, sha256):
        partial.unlink()
        raise WrongHashError
    partial.replace(path)


def has_sha256(path: Path, expected: str | None) -> bool:
    """Whether the file has this sha256; any will do if None is expected."""
    if expected is None:
        return True
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == expected


class _Download:
    """A download into `partial`."""

    def __init__(self, partial: Path) -> None:
        self.partial = partial
        self._version = partial.with_name(f"{partial.name}.version")

    def finish(self, url: str) -> None:
        """Fetch the bytes that are missing, with some patience."""
        tries, most = 0, self._size()
        while True:
            try:
                self._go_on(url)
                break
            except (httpx2.TransportError, httpx2.HTTPStatusError) as error:
                tries, most = (1, size) if (size := self._size()) > most else (tries + 1, most)
                refused = isinstance(error, httpx2.HTTPStatusError) and error.response.status_code not in BUSY
                if refused or tries == TRIES:
                    raise
                time.sleep(WAIT * 2 ** (tries - 1))
        self._version.unlink(missing_ok=True)

    def _go_on(self, url: str) -> None:
        have = self._size()
        headers = {"Accept-Encoding": "identity"}  # a range counts the file's own bytes
        if have and self._version.is_file():
            headers |= {"Range": f"bytes={have}-", "If-Range": self._version.read_text()}
        with httpx2.stream("GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT) as response:
            status, span = response.status_code, response.headers.get("Content-Range", "")
            if status == RANGE_REFUSED or (status == PARTIAL and not span.startswith(f"bytes {have}-")):
                self._version.unlink(missing_ok=True)  # the next try begins anew
                raise _CutOffError(f"no bytes from {have} on")
            response.raise_for_status()
            if response.headers.get("Content-Type", "").startswith("text/html"):
                raise NotTheFileError
            if status != PARTIAL:
                have = 0
                self._begin(response.headers)
            length = response.headers.get("Content-Length")
            total = None if length is None else have + int(length)
            self._receive(response, have, total)
        if total is not None and self._size() != total:
            raise _CutOffError(f"{self._size()} bytes of {total}")

    def _begin(self, headers: httpx2.Headers) -> None:
        """Drop what there is, and note what If-Range wants: a strong ETag, else a date. Without either nothing is resumed."""
        self.partial.unlink(missing_ok=True)
        etag = headers.get("ETag", "W/")
        version = headers.get("Last-Modified") if etag.startswith("W/") else etag
        if version:
            self._version.write_text(version)
        else:
            self._version.unlink(missing_ok=True)

    def _receive(self, response: httpx2.Response, have: int, total: int | None) -> None:
        bar = tqdm(desc=self.partial.name, initial=have, total=total, unit="B", unit_scale=True, disable=None, leave=False)
        with bar, open(self.partial, "ab" if have else "wb") as file:
            for chunk in response.iter_raw():
                file.write(chunk)
                bar.update(len(chunk))

    def _size(self) -> int:
        return self.partial.stat().st_size if self.partial.exists() else 0
