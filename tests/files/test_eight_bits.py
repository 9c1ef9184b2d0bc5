"""Tensors in 8 bits per value."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dgvae.files.eight_bits import restored, with_columns_in_8_bits, with_rows_in_8_bits
from dgvae.files.tensors import read_safetensors, write_safetensors


@given(st.integers(1, 9), st.integers(1, 300), st.floats(-8, 4), st.integers(0, 2**31))
def test_rows_are_good_to_half_a_step(rows: int, columns: int, magnitude: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    matrix = 10**magnitude * torch.randn(rows, columns, generator=generator)
    matrix[0] = 0
    again = restored(with_rows_in_8_bits({"w": matrix, "b": matrix[0]}))
    half_step = matrix.abs().amax(1, keepdim=True) / 254
    assert again.keys() == {"w", "b"}
    assert (
        (again["w"] - matrix).abs() <= 1.06 * half_step + 127 * 2.0**-25
    ).all()  # fp16 scales: 2⁻¹¹ of 127 steps, or the least


@given(st.integers(1, 40), st.integers(1, 9), st.floats(-6, 3), st.integers(0, 2**31))
def test_columns_are_good_to_half_a_step(rows: int, columns: int, magnitude: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    table = 10**magnitude * torch.randn(rows, columns, generator=generator) + torch.randn(columns, generator=generator)
    table[:, 0] = 3.7  # a column without a range
    small = with_columns_in_8_bits({"table": table, "other": table}, ["table"])
    again = restored(small)
    step = table.amax(0) - table.amin(0)
    assert ((again["table"] - table).abs() <= step / 510 * 1.001 + 1e-6 * table.abs().amax(0)).all()
    twice = restored(with_columns_in_8_bits(again, ["table"]))
    assert ((twice["table"] - again["table"]).abs() <= 1e-5 * step + 1e-6 * table.abs().amax(0)).all()


def test_a_file_of_them_is_a_quarter_as_large(tmp_path: Path) -> None:
    weights = {"w": torch.randn(500, 400), "b": torch.randn(500)}
    write_safetensors(tmp_path / "whole", weights)
    write_safetensors(tmp_path / "small", with_rows_in_8_bits(weights))
    assert (tmp_path / "small").stat().st_size < 0.27 * (tmp_path / "whole").stat().st_size
    torch.testing.assert_close(restored(read_safetensors(tmp_path / "small"))["b"], weights["b"])


@pytest.mark.parametrize("lost", ["w.scale", "w"])
def test_what_lacks_its_scale_is_not_taken_for_weights(lost: str) -> None:
    small = with_rows_in_8_bits({"w": torch.randn(3, 4)})
    del small[lost]
    assert restored(small).keys() == small.keys()
