"""The repository as a Hugging Face Space: what its front matter says, and that the app starts as a Space starts it."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
import pytest
from gradio import http_server
from huggingface_hub import SpaceCard

from app import make_parser
from dgvae.ui.page import INTRODUCTION
from tests.running import free_port

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"  # which answers only if all addresses are served


def test_the_front_matter_agrees_with_the_requirements():
    card = SpaceCard.load(ROOT / "README.md").data.to_dict()
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert (card["sdk"], card["sdk_version"]) == ("gradio", pins["gradio"])
    assert (ROOT / card["app_file"]).is_file()
    assert f'requires-python = ">={card["python_version"]}"' in (ROOT / "pyproject.toml").read_text()
    assert len(card.get("short_description", "")) <= 60


def test_without_options_the_address_is_gradios_own():
    options = make_parser().parse_args([])
    assert (options.host, options.port) == (None, None)
    assert int(os.environ.get("GRADIO_SERVER_PORT", 7860)) == http_server.INITIAL_PORT_VALUE


@dataclass
class Space:
    """A running app, and the folders that it may not and may write."""

    address: str
    repository: Path
    temporary: Path
    files: set[Path]  # of the repository, before

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.address + path, timeout=90, trust_env=False)

    @cached_property
    def config(self) -> dict[str, Any]:
        return self.get("/config").json()

    def component(self, name: str) -> dict[str, Any]:
        return next(part for part in self.config["components"] if part["props"].get("elem_id") == name)

    def call(self, inputs: list[str], output: str, *data: Any) -> list[Any]:
        """What the page gets for the event with these inputs that draws `output`: through the queue, as the page does it."""
        wanted, drawn = [self.component(name)["id"] for name in inputs], self.component(output)["id"]
        event = next(row for row in self.config["dependencies"] if row["inputs"] == wanted and drawn in row["outputs"])
        body = {"data": data, "fn_index": event["id"], "session_hash": "visitor"}
        httpx2.post(f"{self.address}/gradio_api/queue/join", json=body, trust_env=False).raise_for_status()
        stream = self.get("/gradio_api/queue/data?session_hash=visitor").text
        messages = [json.loads(line.removeprefix("data: ")) for line in stream.splitlines() if line.startswith("data: ")]
        completed = next(message for message in messages if message["msg"] == "process_completed")
        assert completed["success"], completed
        return completed["output"]["data"]


def files_below(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Space]:
    """`python app.py` in a Space's environment, with a home folder that can't be written, on two cores at most."""
    repository, temporary = tmp_path / "space", tmp_path / "temporary"
    temporary.mkdir()
    shutil.copytree(ROOT / "dgvae", repository / "dgvae", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", repository)
    (repository / "checkpoints").symlink_to(ROOT / "checkpoints")
    files = files_below(repository)
    port = str(free_port())
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(repository / "app.py" / "home"),  # below a file: not even root can make it
        "TMPDIR": str(temporary),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SYSTEM": "spaces",
        "SPACE_ID": "someone/space",
        "SPACE_HOST": "someone-space.hf.space",
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": port,
        "PORT": port,
    }
    log = tmp_path / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=repository,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=keep_to_two_cores if sys.platform == "linux" else None,
        )
    running = Space(f"http://{HOST}:{port}", repository, temporary, files)
    try:
        deadline = time.monotonic() + 90
        while not answers(running):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield running
    finally:
        process.terminate()
        process.wait(90)


def keep_to_two_cores() -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


def answers(space: Space) -> bool:
    try:
        return space.get("/").status_code == 200
    except httpx2.TransportError:
        return False


def test_the_app_starts_as_a_space_starts_it_and_writes_temporary_files_alone(space: Space):
    assert INTRODUCTION.splitlines()[0] in space.get("/").text
    models = "short-yelp/vae", "short-yelp/pdg-vae"
    fields = {
        "map-color": "source", "map-dimension": 1, "map-column": "", "map-which": "own", "map-projection": "umap",
        "map-neighbors-of-umap": 15, "map-min-dist": 0.1, "map-point": 0, "region": "",
        "map-find": "", "map-near": "euclidean", "map-names": False,
    }  # fmt: skip
    drawn = space.call(["model-a", "model-b", *fields], "map-a", *models, *fields.values())
    _, fault_a, map_a, fault_b, map_b, *_ = drawn
    assert (fault_a, fault_b) == ("", "")
    assert all(json.loads(chart)["datasets"]["points"] for chart in (map_a, map_b))
    script = space.component("map-a")["props"]["props"]["library"]
    stored = next(space.temporary.rglob(script))
    assert space.get(f"/gradio_api/{script}").text == stored.read_text(encoding="utf-8")
    assert files_below(space.repository) == space.files
