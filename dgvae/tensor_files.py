"""Safetensors files, the only form in which tensors are kept: nothing is ever unpickled."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from dgvae.errors import UserError
from dgvae.storage import INCOMPLETE, write_bytes


def write_safetensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write tensors, from whatever device they are on."""
    write_bytes(path, save({name: x.detach().cpu().contiguous() for name, x in tensors.items()}, metadata))


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Read all tensors of a file. Raises UserError if it is missing or broken."""
    return read_safetensors_with_metadata(path)[0]


def read_safetensors_with_metadata(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read all tensors and the metadata of a file. Raises UserError if it is missing or broken."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError:
        raise UserError(f"{path} {INCOMPLETE}") from None
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} is broken ({error}); copy or download it again.") from None
