"""The app as a process of its own: what it serves, and what it writes to its log."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
from gradio import Blocks

APP = Path(__file__).parents[1] / "app.py"
SECONDS = 120  # until it counts as hung


def free_port() -> int:
    """A port that no other test gets: what Gradio chooses itself, a closed page leaves to the next."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def served(demo: Blocks, **options: Any) -> Iterator[str]:
    """The address of an app in this process. A page that outlives it must not find another test's app at its port."""
    _, address, _ = demo.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", server_port=free_port(), **options
    )
    try:
        yield address
    finally:
        demo.close()


@dataclass
class RunningApp:
    """A running app and its log file."""

    address: str
    log: Path
    client: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=SECONDS, trust_env=False))

    @cached_property
    def config(self) -> dict[str, Any]:
        """What the page is told of its components and events."""
        return self.client.get(f"{self.address}/config").json()

    def post(self, path: str, **said: Any) -> httpx2.Response:
        return self.client.post(f"{self.address}/gradio_api/{path}", **said)

    def finished(self, session: str) -> list[dict[str, Any]]:
        """How each event of a session that waits for its answer ended."""
        stream = self.client.get(f"{self.address}/gradio_api/queue/data", params={"session_hash": session}).text
        messages = [json.loads(line.removeprefix("data: ")) for line in stream.splitlines() if line.startswith("data: ")]
        return [message for message in messages if message["msg"] == "process_completed"]

    def ask(self, endpoint: str, *data: Any) -> str:
        """What the stream of a public endpoint says."""
        event = self.post(f"call/{endpoint}", json={"data": data}).json()["event_id"]
        return self.client.get(f"{self.address}/gradio_api/call/{endpoint}/{event}").text


@contextmanager
def running_app(folder: Path, *options: str) -> Iterator[RunningApp]:
    """`python app.py` in a folder, on a port that is free."""
    log = folder / "log.txt"
    with log.open("w") as output:
        command = [sys.executable, "-u", str(APP), *options]
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + SECONDS
        while "Running on local URL:" not in (said := log.read_text()):
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)
        address = said.split("Running on local URL:")[1].split()[0]
        yield RunningApp(address, log)
    finally:
        process.terminate()
        process.wait(30)
