"""What many visitors at once wait, and how much memory the app then needs.

    python -m tests.benchmarks.load [--visitors 20] [--seconds 60]

Visitors are clients that speak the page's own protocol. Each acts once a second: half of the time it reads a dot of the map
out, otherwise it draws a slice, samples, an interpolation, or a picture of the lab. Every ten seconds one more comes, whose
first chart is waited for. What the app refuses in words is counted, and an error ends the measurement.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import linear_regression

from tests.benchmarks.page import app
from tests.benchmarks.results import record
from tests.benchmarks.visitor import RefusedError, Visitor, at_once

NAMES = ["short-yelp/beta-vae-0.1", "short-yelp/pdg-vae"]
SENTENCES = [
    "the food was good .",
    "we waited an hour and left .",
    "great place to eat lunch !",
    "i will never go back there .",
]
LAB = [["vae", "dg-vae"], "classes", 0, "", 1, 8, 8, 0.1, 8, False]  # of LabTab, in its order
AIMS = {"read-out": 0.5, "slice": 1, "samples": 2, "interpolation": 2, "lab picture": None, "first chart": 8}  # 95%, s
PLAN = ["read-out", "samples", "read-out", "slice", "read-out", "interpolation", "read-out", "lab picture"]
NEWCOMER = 10.0  # seconds from one who comes to the next


class Measured:
    """Seconds of every answer and what was refused, by kind, from many threads."""

    def __init__(self) -> None:
        self.waits: defaultdict[str, list[float]] = defaultdict(list)
        self.refused: defaultdict[str, list[str]] = defaultdict(list)
        self._lock = threading.Lock()

    def time(self, kind: str, act: Callable[[], object]) -> None:
        begun = time.monotonic()
        try:
            act()
        except RefusedError as error:
            with self._lock:
                self.refused[kind].append(str(error))
            return
        with self._lock:
            self.waits[kind].append(time.monotonic() - begun)

    def table(self, load: str) -> None:
        """Print a line per kind, and note its waits. load: what the results call this load."""
        for kind, aim in AIMS.items():
            waits, refused = sorted(self.waits[kind]), self.refused[kind]
            if waits:
                middle, late, most = waits[len(waits) // 2], waits[int(0.95 * (len(waits) - 1))], waits[-1]
                line = f"{kind:<14} {len(waits):>6} {middle:>8.2f} {late:>8.2f} {most:>8.2f}"
                record("load", f"{kind}, median, {load}", middle, "s")
                record("load", f"{kind}, 95%, {load}", late, "s")
            else:
                line = f"{kind:<14} {0:>6} {'–':>8} {'–':>8} {'–':>8}"
            record("load", f"{kind}, refused, {load}", len(refused), "")
            print(f"{line} {'–' if aim is None else aim:>6} {len(refused):>8}  {refused[-1] if refused else ''}")


def main() -> None:
    """Print the table, and note the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    measured, memory = Measured(), []
    with app(None) as (url, _, process):
        first_chart(url, "first")
        with Visitor(url, "second") as visitor:  # what is computed once is there, or is begun
            visitor.prepare("map-a", NAMES)
            for action in ACTIONS.values():
                action(visitor, random.Random(0))
        print(f"{options.visitors} visitors, {options.seconds:g} s; at first {resident(process):,.0f} MB", flush=True)
        used, over = processor_time(process), time.monotonic() + options.seconds

        def visit(number: int) -> None:
            if number == options.visitors:
                newcomers(url, measured, over)
            elif number > options.visitors:
                while time.monotonic() < over:
                    memory.append(resident(process))
                    time.sleep(1)
            else:
                act(url, number, measured, over)

        at_once(options.visitors + 2, visit)
        used = processor_time(process) - used
    print(f"{'':<14} {'times':>6} {'median':>8} {'95%':>8} {'most':>8} {'aim':>6} {'refused':>8}")
    load = f"{options.visitors} visitors, {options.seconds:g} s"
    measured.table(load)
    third = -(-len(memory) // 3)
    parts = ", ".join(f"{max(memory[i : i + third]):,.0f}" for i in range(0, len(memory), third))
    answers = sum(map(len, measured.waits.values()))
    print(f"{answers / options.seconds:.1f} answers a second; {1000 * used / answers:.0f} ms of a core for each")
    record("load", f"answers a second, {load}", answers / options.seconds, "")
    record("load", f"a core for each answer, {load}", 1000 * used / answers, "ms")
    record("load", f"memory at most, {load}", max(memory), "MB")
    rise = slope(memory[len(memory) // 2 :])
    record("load", f"memory, rise in the second half, {load}", rise, "MB/min")
    print(
        f"memory: at most {max(memory):,.0f} MB; in thirds of the time: {parts} MB; in the second half {rise:+.1f} MB a minute"
    )


def slope(memory: Sequence[float]) -> float:
    """The rise of a line through values that were measured a second apart, per minute; 0 of fewer than two."""
    return 60 * linear_regression(range(len(memory)), memory).slope if len(memory) > 1 else 0.0


def act(url: str, number: int, measured: Measured, over: float) -> None:
    """A visitor who acts once a second, or as soon as the last is answered."""
    choose = random.Random(number)
    with Visitor(url, f"load{number}") as visitor:
        for turn in range(10**6):
            if (begun := time.monotonic()) >= over:
                return
            kind = PLAN[(turn + number) % len(PLAN)]
            measured.time(kind, lambda kind=kind: ACTIONS[kind](visitor, choose))
            time.sleep(max(0.0, min(begun + 1, over) - time.monotonic()))


def newcomers(url: str, measured: Measured, over: float) -> None:
    """One after the other, each with a session of its own."""
    number = 0
    while (begun := time.monotonic()) < over:
        number += 1
        measured.time("first chart", lambda number=number: first_chart(url, f"new{number}"))
        time.sleep(max(0.0, min(begun + NEWCOMER, over) - time.monotonic()))


def first_chart(url: str, session: str) -> None:
    """The page, its settings, and both maps."""
    import httpx2

    httpx2.get(url, timeout=60).raise_for_status()
    with Visitor(url, session) as visitor:
        drawn = visitor.draw("map-a", {0: NAMES[0], 1: NAMES[1]})
        assert sum("datasets" in str(part)[:20_000_000] for part in drawn) >= 2


def read_out(visitor: Visitor, choose: random.Random) -> None:
    said = visitor.ask(
        "map-a", "hover", "map-readout", NAMES, {"id": choose.choice((-1, 1)) * choose.randrange(1, 900), "x": 0, "y": 0}
    )
    assert said.count("class='model-") or "sentence" in said, said


def draw_slice(visitor: Visitor, choose: random.Random) -> None:
    i, j = choose.sample(range(1, 33), 2)
    visitor.draw("slice-a-q", {0: NAMES[0], 1: NAMES[1], 2: "the two below", 4: i, 5: j})


def samples(visitor: Visitor, choose: random.Random) -> None:
    seed, how = choose.randrange(10_000), choose.choice(["greedy", "drawn"])
    said = visitor.draw("samples", {0: NAMES[0], 1: NAMES[1], 3: how, 6: seed})[0]
    assert len(re.findall("class='sentence", said)) >= 24, said


def interpolation(visitor: Visitor, choose: random.Random) -> None:
    start, end = choose.sample(SENTENCES, 2)
    path = choose.choice(["linear", "spherical", "dense"])
    visitor.draw("interpolation", {0: NAMES[0], 1: NAMES[1], 2: start, 3: end, 4: path})


def lab_picture(visitor: Visitor, choose: random.Random) -> None:
    visitor.ask("lab-screen", "tick", "lab-screen", LAB, {"run": 1, "steps": 5, "number": 1})


ACTIONS = {
    "read-out": read_out,
    "slice": draw_slice,
    "samples": samples,
    "interpolation": interpolation,
    "lab picture": lab_picture,
}


def processor_time(process: int) -> float:
    """Seconds of a core that a process has used."""
    spent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


def resident(process: int) -> float:
    """Memory of a process, MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1e3


if __name__ == "__main__":
    main()
