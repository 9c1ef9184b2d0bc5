"""The chunked loss is cross-entropy, in value and gradient."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from dgvae.model.vocabulary_loss import vocabulary_loss


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-5), (torch.float32, 1e-4), (torch.bfloat16, 2e-2)])
@pytest.mark.parametrize("chunk", [512, 4096])  # as on a CPU, and as on a GPU
def test_equals_cross_entropy(dtype: torch.dtype, tolerance: float, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dgvae.model.vocabulary_loss._CHUNK", {"cpu": chunk})
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(1100, 16, generator=generator, dtype=torch.float64)
    weight = torch.randn(50, 16, generator=generator, dtype=torch.float64)
    targets = torch.randint(50, (1100,), generator=generator)
    exact = [x.clone().requires_grad_() for x in (hidden, weight)]
    expected = F.cross_entropy(exact[0] @ exact[1].T, targets, reduction="none")
    (expected.sum() / 7).backward()

    ours = hidden.to(dtype).requires_grad_(), weight.to(torch.promote_types(dtype, torch.float32)).requires_grad_()
    total, terms = vocabulary_loss(ours[0], ours[1], targets)
    (total / 7).backward()
    with torch.no_grad():
        value, unguided = vocabulary_loss(*ours, targets)
    assert value.grad_fn is None
    for values in (terms, unguided):
        assert float((values.double() - expected.detach()).abs().mean()) < tolerance
    for mine, theirs in zip(ours, exact, strict=True):
        assert mine.grad is not None
        assert theirs.grad is not None
        error = (mine.grad.double() - theirs.grad).norm() / theirs.grad.norm()
        assert float(error) < tolerance


def test_a_hopeless_word_gives_a_finite_loss_and_its_gradient() -> None:
    hidden = torch.tensor([[300.0]]).requires_grad_()
    weight = torch.tensor([[1.0], [-1.0]]).requires_grad_()
    total, _ = vocabulary_loss(hidden, weight, torch.tensor([1]))
    total.backward()
    assert torch.isfinite(total)
    assert hidden.grad is not None
    torch.testing.assert_close(hidden.grad, torch.tensor([[2.0]]))
