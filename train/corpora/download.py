"""A download that goes on where it was cut off, in this process or in a later one."""

from __future__ import annotations

import os
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


class ResumingDownloader:
    """A downloader for `pooch.retrieve`; what has come so far lies in `partial`, and its version on the server beside it.

    From a server that knows nothing of ranges, or has another version by now, the whole file comes again. Raises
    NotTheFileError, httpx2.HTTPStatusError for a refusal, httpx2.TransportError where the server can't be reached, OSError.
    """

    def __init__(self, partial: Path) -> None:
        self.partial = partial
        self._version = partial.with_name(f"{partial.name}.version")

    def __call__(self, url: str, output_file: str | os.PathLike[str], pooch: object) -> None:
        """Download `url`, then move it to `output_file`."""
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
        os.replace(self.partial, output_file)
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
