"""Safetensors files, the only form in which tensors are kept: nothing is ever unpickled."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from dgvae.errors import UserError
from dgvae.files.atomic import INCOMPLETE, write_bytes

_READ = {torch.float16, torch.float32, torch.float64, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}


def write_safetensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write tensors, from whatever device they are on.

    Args:
        path: of the file, which is replaced as a whole.
        tensors: by name.
        metadata: texts that stand in the file's header.
    """
    write_bytes(path, save({name: x.detach().cpu().contiguous() for name, x in tensors.items()}, metadata))


def read_safetensors(path: Path, more: Collection[torch.dtype] = ()) -> dict[str, Tensor]:
    """Read all tensors of a file. more: types that are read, too. Raises UserError if it is missing or broken."""
    return read_safetensors_with_metadata(path, more)[0]


def read_safetensors_with_metadata(
    path: Path, more: Collection[torch.dtype] = (), otherwise: str = "copy or download it again"
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read all tensors and the metadata of a file.

    Args:
        path: the file.
        more: types that are read, too.
        otherwise: what the user can do if it is broken.

    Returns:
        The tensors and the metadata.

    Raises:
        UserError: it is missing or broken.
    """
    try:
        data = path.read_bytes()  # not mapped: a file that is cut off later would end the process
        tensors = load(data)
        metadata = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__") or {}
    except FileNotFoundError:
        raise UserError(f"{path} {INCOMPLETE}") from None
    except (OSError, SafetensorError, KeyError) as error:  # the last: a type that safetensors has no name for
        raise UserError(f"{path} is broken ({error}); {otherwise}.") from None
    for name, tensor in tensors.items():
        if tensor.dtype not in _READ and tensor.dtype not in more:
            raise UserError(f"{path} holds {name} as {tensor.dtype}, which is not read here; save it as float16 or float32.")
    return tensors, metadata
