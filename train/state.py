"""A run on disk: one safetensors file, put in place in one step, from which training goes on as if it had not stopped."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

from dgvae.errors import UserError
from dgvae.tensor_files import read_safetensors_with_metadata, write_safetensors
from train.loop import Run

STATE_FILE = "last.safetensors"


def save_state(run: Run, folder: Path) -> None:
    """Write weights, regularizer, optimiser, generators and the position in the epoch."""
    tensors = {f"model.{name}": x for name, x in run.model.state_dict().items()}
    tensors |= {f"regularizer.{name}": x for name, x in run.regularizer.state_dict().items()}
    for prefix, optimizer in _optimizers(run):
        for index, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"{prefix}{index}.{name}": torch.as_tensor(x) for name, x in moments.items()}
    tensors["generator.cpu"] = torch.get_rng_state()
    if run.model.device.type == "cuda":
        tensors["generator.cuda"] = torch.cuda.get_rng_state()
    position = {"epoch": run.epoch, "step": run.step, "best": run.best, "stale": run.stale, "seconds": run.seconds}
    write_safetensors(folder / STATE_FILE, tensors, {"position": json.dumps(position)})


def load_state(run: Run, folder: Path) -> None:
    """Put a run made with the same options back to where `save_state` saw it. Raises UserError if the file does not fit."""
    path = folder / STATE_FILE
    tensors, metadata = read_safetensors_with_metadata(path)
    try:
        run.model.load_state_dict(_under("model.", tensors))
        run.regularizer.load_state_dict(_under("regularizer.", tensors))
        for prefix, optimizer in _optimizers(run):
            state: dict[int, dict[str, Tensor]] = {}
            for key, tensor in _under(prefix, tensors).items():
                index, name = key.split(".", 1)
                state.setdefault(int(index), {})[name] = tensor
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        torch.set_rng_state(tensors["generator.cpu"])
        if run.model.device.type == "cuda" and "generator.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["generator.cuda"])
        position = json.loads(metadata["position"])
        run.epoch, run.step = int(position["epoch"]), int(position["step"])
        run.best, run.stale = float(position["best"]), int(position["stale"])
        run.seconds = float(position.get("seconds", 0.0))  # which earlier versions did not keep
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{path} does not fit this run ({error}); start again in an empty folder.") from None


def _optimizers(run: Run) -> list[tuple[str, torch.optim.Optimizer]]:
    """Every optimiser of the run with the prefix of its tensors."""
    critic = [("critic_optimizer.", run.critic_optimizer)] if run.critic_optimizer else []
    return [("optimizer.", run.optimizer), *critic]


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): x for name, x in tensors.items() if name.startswith(prefix)}
