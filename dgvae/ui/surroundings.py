"""What Gradio takes from the environment and from the machine, checked before it starts: it would end with a traceback."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

from dgvae.errors import UserError

PORTS = ("SERVER_PORT", "NODE_SERVER_PORT")
COUNTS = ("NUM_PORTS", "NODE_NUM_PORTS", "NUM_WORKERS", "ANALYTICS_MAX_EVENTS", "ANALYTICS_CACHE_FREQUENCY", "DEBUG")


def check_gradio_settings() -> None:
    """Raise UserError if Gradio takes from the environment what can't work, or what gives visitors files of this machine."""
    for name in (*PORTS, *COUNTS):
        text = os.environ.get(f"GRADIO_{name}")
        if text is None:
            continue
        is_number = text.isascii() and text.isdecimal() and len(text) < 10
        if not is_number or (name in PORTS and not 0 < int(text) < 65536):
            kind = "a number from 1 to 65535" if name in PORTS else "a whole number"
            raise UserError(f"GRADIO_{name} must be {kind}, not {text[:40]!r}; correct it, or unset it.")
    limit = os.environ.get("GRADIO_DEFAULT_CONCURRENCY_LIMIT", "none")
    if limit != "none" and not (limit.isascii() and limit.isdecimal() and int(limit[:10]) > 0):
        raise UserError(
            f"GRADIO_DEFAULT_CONCURRENCY_LIMIT must be none or a number from 1, not {limit[:40]!r}; correct it, or unset it."
        )
    if os.environ.get("GRADIO_ALLOWED_PATHS"):
        raise UserError("GRADIO_ALLOWED_PATHS gives visitors the files that it names, and the page needs none; unset it.")
    if os.environ.get("GRADIO_WATCH_DIRS"):
        raise UserError("GRADIO_WATCH_DIRS has the app start anew when files change, for who develops a page; unset it.")
    if folder := os.environ.get("GRADIO_TEMP_DIR"):
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            reason = error.strerror or error
            raise UserError(
                f"GRADIO_TEMP_DIR names {folder}, which can't be written ({reason}); correct it, or unset it."
            ) from None


def check_port(port: int | None) -> None:
    """Raise UserError if there is no such port."""
    if port is not None and not 0 < port < 65536:
        raise UserError(f"A port is a number from 1 to 65535, not {port}.")


def check_host(host: str) -> str:
    """The address of a host, such as ::1 of [::1].

    Raises UserError if this machine hasn't it: Gradio would say that no port is free.
    """
    try:
        named = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        family, kind, protocol, _, address = socket.getaddrinfo(named, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
            return str(address[0])
    except (OSError, UnicodeError) as error:  # the latter of a name such as a..b
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UserError(f"This machine has no address {host} ({why}); give another --host.") from None
