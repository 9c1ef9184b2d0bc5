"""A made-up corpus, and a small checkpoint of every method trained on it by the real command."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from hypothesis import settings

from dgvae.methods.table import METHODS
from train.fit import main as fit

settings.register_profile("default", deadline=None)  # no test asserts a time
settings.load_profile("default")
torch.set_num_threads(1)  # the tensors are small: threads cost more than they save

# Whole trainings, and processes that load torch anew. `make quick` leaves them out, and what needs `checkpoints`.
SLOW = {
    "test_bundled", "test_completion", "test_console", "test_distributed", "test_distributed_memory", "test_environment",
    "test_fit", "test_initial", "test_interruption", "test_own_text", "test_package", "test_processes", "test_shared",
    "test_shared_map", "test_space", "test_stories", "test_sweep", "test_umap",
}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.stem in SLOW or "checkpoints" in getattr(item, "fixturenames", []):
            item.add_marker("slow")


SUBJECTS = ["the cook", "my neighbor", "a tired waiter", "our dog", "the old captain", "your sister"]
VERBS = ["likes", "never eats", "paints", "sells", "talks about", "forgot"]
OBJECTS = ["green soup", "two loud trumpets", "the broken lamp", "every small boat", "cold bread"]
SMALL = ["--embedding-dim", "12", "--hidden-dim", "16", "--latent-dim", "4", "--batch-size", "32", "--map-points", "60"]


def made_up_lines(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [
        f"{rng.randrange(2)}\t{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)} {rng.choice('.!')}"
        for _ in range(count)
    ]


@pytest.fixture(scope="session")
def of_all_workers(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of one run of pytest share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "of-all-workers"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own(of_all_workers: Path) -> Iterator[None]:
    """What an earlier run of other code left in the user's cache must not make a test pass."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(of_all_workers / "cache"))
        patched.delenv("DGVAE_CACHE", raising=False)  # which goes before
        yield


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with short-yelp/train.txt, valid.txt and test.txt, in the form of the real corpus."""
    folder = tmp_path_factory.mktemp("corpora") / "short-yelp"
    folder.mkdir()
    for seed, (split, count) in enumerate({"train": 400, "valid": 100, "test": 100}.items()):
        (folder / f"{split}.txt").write_text("\n".join(made_up_lines(count, seed)) + "\n", encoding="utf-8")
    return folder.parent


def small_run(corpus: Path, out: Path, *more: str) -> list[str]:
    """The arguments of a training run of seconds."""
    return ["--corpus", "short-yelp", "--data", str(corpus), "--out", str(out), "--epochs", "2", *SMALL, *more]


@pytest.fixture(scope="session")
def checkpoints(corpus: Path, of_all_workers: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder with short-yelp/<method> for every method. All workers train them together; each has a copy."""
    methods = [*METHODS]
    for method in reversed(methods) if worker_id == "gw1" else methods:
        out = of_all_workers / "short-yelp" / method
        with FileLock(of_all_workers / f"{method}.lock"):
            if not out.exists():
                # The default is meant for long training; here it would make an autoencoder.
                options = ["--set", "free_bits=0.01"] if "free_bits" in METHODS[method].options else []
                assert fit(small_run(corpus, out, "--method", method, *options)) == 0
    return Path(shutil.copytree(of_all_workers / "short-yelp", tmp_path_factory.mktemp("checkpoints") / "short-yelp")).parent
