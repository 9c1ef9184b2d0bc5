"""The process that trains one run of a sweep.

    python -m train.sweep.run FOLDER --method vae …

trains as `train.fit` does, from the start or from the last state, while it holds the claim on FOLDER.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from itertools import chain
from pathlib import Path

from dgvae.evaluation.record import METRICS_FILE, Record
from train.claims import TAKEN, claimed


def main(arguments: list[str]) -> int:
    """Train in `arguments[0]` with the options that follow; return train.fit's exit status, or TAKEN.

    The process that trains is the one that holds the claim. So whatever becomes of the sweep that started it, the folder is
    another's only once the training has ended.
    """
    # From here on SIGTERM is only heard by train.fit while it trains, and ends it after the step under way. So it may be sent
    # until it's heard, and can't cut the checkpoint's completion short.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    folder = Path(arguments[0])
    with claimed(folder) as mine:
        if not mine:
            return TAKEN
        if is_finished(folder):
            return 0
        threading.Thread(target=_stop_when_orphaned, args=(os.getppid(),), daemon=True).start()
        from train.fit import main as fit  # torch, which takes seconds

        return fit([*_begin_or_resume(folder, arguments[1:]), "--out", str(folder)], claims=False)


def is_finished(folder: Path) -> bool:
    """Whether a run has ended by itself. One that was stopped has metrics too."""
    if not (folder / METRICS_FILE).exists():
        return False
    return Record.load(folder).training.get("finished") is True


def _begin_or_resume(folder: Path, options: list[str]) -> list[str]:
    """The options for train.fit; a run that goes on keeps its own, but for what may differ between machines."""
    from train.run.arguments import flags_of, parse_options
    from train.run.options import MAY_DIFFER
    from train.run.state import STATE_FILE

    if not (folder / STATE_FILE).exists():
        return options
    given = parse_options([*options, "--out", str(folder)])
    flags = (flags_of(name, value) for name in sorted(MAY_DIFFER) if (value := getattr(given, name)))
    return ["--resume", *chain.from_iterable(chain.from_iterable(flags))]


def _stop_when_orphaned(parent: int) -> None:
    """Stop training when the sweep has been killed: it would go on unseen, and out of reach of Ctrl-C."""
    while True:
        time.sleep(1)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
