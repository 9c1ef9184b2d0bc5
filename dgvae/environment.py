"""The machine that a command runs on: where caches can be written, and whether the settings for the network make sense."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from dgvae.errors import UserError

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")  # that httpx knows
_CERTIFICATES = {"SSL_CERT_FILE": Path.is_file, "SSL_CERT_DIR": Path.is_dir}


_M_ARENA_MAX = -8  # of glibc's malloc.h
_ARENAS = 2
_GIVE_BACK = 60.0  # seconds


def keep_memory_together() -> bool:
    """Let all threads allocate from few arenas; return whether the C library can, as glibc does. Before threads begin.

    A server's threads come and go, and each would get an arena of its own, whose holes no other thread fills. What is free
    within an arena is given back to the system once a minute, which takes some hundredths of a second: else the process keeps
    for ever what many visitors at once needed.
    """
    try:
        library = ctypes.CDLL(None)
        done = bool(library.mallopt(_M_ARENA_MAX, _ARENAS))
        threading.Thread(target=_give_back, args=(library.malloc_trim,), daemon=True, name="memory").start()
    except (AttributeError, OSError, TypeError):  # other systems
        return False
    return done


def _give_back(trim: Callable[[int], object]) -> None:
    while True:
        time.sleep(_GIVE_BACK)
        trim(0)


def come_last() -> None:
    """Give other processes precedence over this one, where the system can."""
    if hasattr(os, "nice"):
        os.nice(10)


def choose_cache() -> None:
    """If the user's cache folder can't be written, or there is no home, let all libraries use a folder for temporary files.

    To be called before they are imported, since they read $XDG_CACHE_HOME then: Hugging Face, platformdirs, numba and others.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        cache.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=cache).close()
    except (OSError, RuntimeError):  # RuntimeError: there is no home at all
        try:
            os.environ["XDG_CACHE_HOME"] = str(_temporary_cache())
        except OSError:  # no folder can be written; what needs none still works
            return
        print(f"The cache folder can't be written; caches are kept in {os.environ['XDG_CACHE_HOME']}.", file=sys.stderr)
    if os.path.expanduser("~") == "~":  # no home, no user name: libraries that ask for it fail
        os.environ["HOME"] = os.environ["XDG_CACHE_HOME"]


def _temporary_cache() -> Path:
    """A folder of this user, the same every time, so that a download is not lost with the process."""
    if hasattr(os, "getuid"):
        folder = Path(tempfile.gettempdir(), f"dgvae-cache-{os.getuid()}")
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        # Another user could have made it, or a link of this name, to put files there.
        if found.st_uid == os.getuid() and not folder.is_symlink() and not found.st_mode & 0o022:
            tempfile.TemporaryFile(dir=folder).close()
            return folder
    return Path(tempfile.mkdtemp(prefix="dgvae-cache-"))


def check_network() -> None:
    """Raise UserError if certificates or proxies are set to what can't work: libraries give wrong reasons or tracebacks.

    To be called before the network is used, and not before: what needs no network works with any settings.
    """
    for name in _CERTIFICATES:
        if name in _without_certificates():
            raise UserError(f"{name} names {os.environ[name]}, which does not exist; correct it, or unset it.")
    for kind, address in getproxies().items():
        if kind not in ("http", "https", "all") or not address:
            continue
        scheme, colon, _ = address.partition("://")
        variable = f"{kind.upper()}_PROXY"
        if colon and scheme not in PROXY_SCHEMES:
            raise UserError(f"{variable} begins with {scheme}://; a proxy is one of {', '.join(PROXY_SCHEMES)}.")
        if scheme.startswith("socks") and not find_spec("socksio"):
            raise UserError(f"{variable} is a SOCKS proxy, which needs a package: pip install socksio")
        if not _is_address(address if colon else f"http://{address}"):
            raise UserError(f"{variable} is no address of a proxy, such as http://host:3128; correct it, or unset it.")


def _is_address(text: str) -> bool:
    """Whether it has a host, and a port that is a number if it has any."""
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and " " not in parts.netloc and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


@contextmanager
def direct_requests() -> Iterator[None]:
    """Within it requests go to no proxy and read no certificates that are not there: for those to the own address."""
    changed = {"no_proxy": "*", "NO_PROXY": "*"} | dict.fromkeys(_without_certificates(), None)
    before = {name: os.environ.get(name) for name in changed}
    _set(changed)
    try:
        yield
    finally:
        _set(before)


def _without_certificates() -> list[str]:
    """The variables that name certificates which are not there."""
    return [name for name, exists in _CERTIFICATES.items() if (path := os.environ.get(name)) and not exists(Path(path))]


def _set(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
