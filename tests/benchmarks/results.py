"""Results of benchmarks as CSV: one row a number, with the machine, the date and the commit that it was measured on."""

from __future__ import annotations

import csv
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import torch

RESULTS = Path(__file__).with_name("results")
COLUMNS = ("date", "commit", "machine", "what", "value", "unit")


def record(benchmark: str, what: str, value: float, unit: str) -> None:
    """Append a number to results/BENCHMARK.csv.

    Args:
        benchmark: the name of its module.
        what: what was measured, in one wording forever, so that rows compare.
        value: the number.
        unit: its unit, empty where it has none.
    """
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{benchmark}.csv"
    is_new = not path.exists()
    with open(path, "a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(COLUMNS)
        writer.writerow([datetime.now(UTC).date(), commit(), machine(), what, f"{value:.6g}", unit])


@cache
def commit() -> str:
    """The commit at hand, with + where files differ from it; empty without git."""
    try:
        run = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=10"],
            cwd=Path(__file__).parent, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return ""
    return run.stdout.strip()


@cache
def machine() -> str:
    """The processor, how many cores torch uses of it, and the GPU if there is one."""
    try:
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    except OSError:
        names = []
    processor = names[0].split(":")[1].strip() if names else platform.processor() or platform.machine()
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{processor}, {torch.get_num_threads()} threads{gpu}"
