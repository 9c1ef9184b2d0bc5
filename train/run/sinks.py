"""Where numbers go besides log.jsonl: `--log tensorboard` and `--log trackio`, each if its package is installed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Protocol

from dgvae.errors import UserError


class Sink(Protocol):
    """Takes named numbers at a step, counted from the run's start."""

    def write(self, numbers: dict[str, float], step: int) -> None:
        """Note the numbers."""

    def close(self) -> None:
        """Make sure that they are kept."""


class TensorBoard:
    """Event files in `<run>/tensorboard`.

    Args:
        run: the run's folder.
        options: of the command.
        begun: whether the run is resumed.
    """

    def __init__(self, run: Path, options: dict[str, Any], begun: bool) -> None:
        module = _needs("torch.utils.tensorboard", "tensorboard")
        self._writer = module.SummaryWriter(log_dir=str(run / "tensorboard"))

    def write(self, numbers: dict[str, float], step: int) -> None:
        """See `Sink`."""
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """See `Sink`."""
        self._writer.close()


class Trackio:
    """A run of the Trackio project `dgvae`, named after the run's folder; $TRACKIO_DIR or $TRACKIO_SPACE_ID say where.

    Args:
        run: the run's folder.
        options: of the command.
        begun: whether the run is resumed.
    """

    def __init__(self, run: Path, options: dict[str, Any], begun: bool) -> None:
        self._trackio = _needs("trackio", "trackio")
        name = f"{run.resolve().parent.name}-{run.resolve().name}"
        self._trackio.init(project="dgvae", name=name, config=options, resume="allow" if begun else "never", embed=False)

    def write(self, numbers: dict[str, float], step: int) -> None:
        """See `Sink`."""
        self._trackio.log(numbers, step=step)

    def close(self) -> None:
        """See `Sink`."""
        self._trackio.finish()


SINKS: dict[str, type[TensorBoard] | type[Trackio]] = {"tensorboard": TensorBoard, "trackio": Trackio}


def _needs(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UserError(f"--log {package} needs a package that is not installed: pip install {package}") from None
