"""A run on disk: one safetensors file, put in place in one step, from which training goes on as if it had not stopped."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

from dgvae.distributed import world
from dgvae.errors import UserError
from dgvae.files.tensors import read_safetensors_with_metadata, write_safetensors
from train.run.loop import Run
from train.run.processes import all_gather, is_main_process

STATE_FILE = "last.safetensors"


def save_state(run: Run, folder: Path) -> None:
    """Write weights, regularizer, optimizer, the generators of every process and the position in the epoch.

    All processes must call it; one writes. Raises UserError, and writes nothing, if a step's gradient was not finite.
    """
    run.refuse_non_finite()
    generators = {f"generator.cpu.{rank}": state for rank, state in enumerate(all_gather(torch.get_rng_state()))}
    if run.model.device.type == "cuda":
        generators |= {f"generator.cuda.{rank}": state for rank, state in enumerate(all_gather(torch.cuda.get_rng_state()))}
    if not is_main_process():
        return
    tensors = {f"model.{name}": x for name, x in run.model.state_dict().items()}
    tensors |= {f"best.{name}": x for name, x in run.best_weights.items()}
    tensors |= {f"regularizer.{name}": x for name, x in run.regularizer.state_dict().items()}
    for prefix, optimizer in _optimizers(run):
        for index, moments in optimizer.state_dict()["state"].items():
            # SGD without momentum keeps a None
            tensors |= {f"{prefix}{index}.{name}": torch.as_tensor(x) for name, x in moments.items() if x is not None}
    position = {
        "epoch": run.epoch,
        "step": run.step,
        "best": run.best,
        "stale": run.stale,
        "halvings": run.halvings,
        "seconds": run.seconds,
    }
    write_safetensors(folder / STATE_FILE, tensors | generators, {"position": json.dumps(position)})


def load_state(run: Run, folder: Path) -> None:
    """Put a run made with the same options back to where `save_state` saw it. Raises UserError if the file does not fit.

    With as many processes as before, on such a device, it goes on to the last bit.
    """
    path = folder / STATE_FILE
    tensors, metadata = read_safetensors_with_metadata(path, otherwise="start again in an empty folder")
    if broken := next((name for name, x in tensors.items() if x.is_floating_point() and not x.isfinite().all()), None):
        raise UserError(f"{path} is broken: {broken} holds numbers that are not finite; start again in an empty folder.")
    try:
        run.model.load_state_dict(_under("model.", tensors))
        run.regularizer.load_state_dict(_under("regularizer.", tensors))
        run.best_weights = {name: x.to(run.model.device) for name, x in _under("best.", tensors).items()}
        for prefix, optimizer in _optimizers(run):
            state: dict[int, dict[str, Tensor]] = {}
            for key, tensor in _under(prefix, tensors).items():
                index, name = key.split(".", 1)
                state.setdefault(int(index), {})[name] = tensor
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        _restore_generators(tensors, run.model.device)
        position = json.loads(metadata["position"])
        run.epoch, run.step = int(position["epoch"]), int(position["step"])
        run.best, run.stale = float(position["best"]), int(position["stale"])
        if min(run.epoch, run.step, run.stale) < 0:
            raise ValueError(f"its position is epoch {run.epoch}, step {run.step}")
        run.seconds, run.halvings = float(position["seconds"]), int(position.get("halvings", 0))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{path} does not fit this run ({error}); start again in an empty folder.") from None


def _restore_generators(tensors: dict[str, Tensor], device: torch.device) -> None:
    rank = world()[0]
    if f"generator.cpu.{rank}" not in tensors:  # there are more processes than before, or an earlier version wrote it
        torch.manual_seed(int(tensors.get("generator.cpu.0", tensors.get("generator.cpu", torch.zeros(1))).sum()) + rank)
        return
    torch.set_rng_state(tensors[f"generator.cpu.{rank}"])
    if device.type == "cuda" and f"generator.cuda.{rank}" in tensors:
        torch.cuda.set_rng_state(tensors[f"generator.cuda.{rank}"])


def _optimizers(run: Run) -> list[tuple[str, torch.optim.Optimizer]]:
    """Every optimizer of the run with the prefix of its tensors."""
    critic = [("critic_optimizer.", run.critic_optimizer)] if run.critic_optimizer else []
    return [("optimizer.", run.optimizer), *critic]


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): x for name, x in tensors.items() if name.startswith(prefix)}
