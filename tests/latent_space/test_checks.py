"""What a latent space may be made of; each fault is one sentence that says what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dgvae import LatentSpace
from dgvae.errors import UserError
from dgvae.latent_space.checks import checked
from dgvae.posteriors import DiagonalGaussian, Points

GENERATOR = np.random.default_rng(0)
MEAN = GENERATOR.standard_normal((50, 4)).astype(np.float32)
LOG_VAR = np.full_like(MEAN, -1.0)


def refused(**columns: Any) -> str:
    with pytest.raises(UserError) as caught:
        checked(columns, "digits")
    return one_sentence(caught.value)


def one_sentence(error: UserError) -> str:
    said = str(error)
    assert said.startswith("digits ")
    assert said.endswith(".")
    assert "\n" not in said
    return said


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4", np.longdouble])
@pytest.mark.parametrize("spread", ["log_var", "std", "var"])
def test_all_spreads_and_types_give_the_same_posterior(dtype: Any, spread: str) -> None:
    values = {"log_var": LOG_VAR, "std": np.exp(LOG_VAR / 2), "var": np.exp(LOG_VAR)}[spread]
    posterior = checked({"mean": MEAN.astype(dtype), spread: values.astype(dtype)}, "digits").posterior
    assert isinstance(posterior, DiagonalGaussian)
    assert posterior.mean.dtype == posterior.log_var.dtype
    assert posterior.mean.dtype == (torch.float64 if np.dtype(dtype).itemsize >= 8 else torch.float32)
    np.testing.assert_allclose(posterior.mean, MEAN, atol=2e-3)
    np.testing.assert_allclose(posterior.log_var, LOG_VAR, atol=2e-3)


def test_texts_can_be_sent_and_saved(tmp_path: Path) -> None:
    space = LatentSpace(np.zeros((2, 1)), text=["half \ud800", "whole 🍕"])
    assert space.text == ["half ?", "whole 🍕"]
    space.save(tmp_path / "a.safetensors")


def test_tensors_of_torch_too() -> None:
    mean = torch.from_numpy(MEAN).bfloat16().requires_grad_()
    contents = checked({"mean": mean, "log_var": torch.from_numpy(LOG_VAR), "label": torch.arange(50) % 3}, "digits")
    assert contents.posterior.location.dtype == torch.float32
    assert contents.labels.tolist() == [i % 3 for i in range(50)]


def test_z_alone_is_points_and_other_columns_are_kept() -> None:
    contents = checked({"z": MEAN, "ink": np.arange(50), "matrix": MEAN, "few": np.arange(3)}, "digits")
    assert isinstance(contents.posterior, Points)
    assert contents.columns.keys() == {"ink"}


def test_numbers_that_are_missing_leave_a_column_one_of_numbers() -> None:
    columns = {"list": [1, None, 3], "pandas": pd.Series([1, pd.NA, 3], dtype="Int64")}
    for column in checked({"z": MEAN[:3, :2], **columns}, "digits").columns.values():
        np.testing.assert_array_equal(column, [1, np.nan, 3])


@pytest.mark.parametrize(
    ("label", "numbers", "classes"),
    [
        (["b", "a", ""] , [1, 0, -1], {0: "a", 1: "b"}),
        (["b", None, "a"], [1, -1, 0], {0: "a", 1: "b"}),
        (np.array(["b", "a", "a"]), [1, 0, 0], {0: "a", 1: "b"}),
        (["b", np.nan, "nan"], [0, -1, 1], {0: "b", 1: "nan"}),
        (pd.Series(["b", pd.NA, "a"], dtype="string"), [1, -1, 0], {0: "a", 1: "b"}),
        (pd.to_datetime(["2024-02-01", None, "2024-01-31"]), [1, -1, 0], {0: "2024-01-31", 1: "2024-02-01"}),
        ([3, None, 0], [3, -1, 0], {}),
        ([3, 0, -1], [3, 0, -1], {}),
        (np.array([3, 0, np.nan]), [3, 0, -1], {}),
        (np.array([True, False, True]), [1, 0, 1], {}),
        ([-1, 1, -1], [0, 1, 0], {0: "-1", 1: "1"}),
        (np.array([-2.0, np.nan, 0.0]), [0, -1, 1], {0: "-2", 1: "0"}),
        ([-100, 0, 2], [-1, 0, 2], {}),
        ([-1, 1, 2], [-1, 1, 2], {}),
        (np.array([1, 2, 255], dtype=np.uint8), [1, 2, 255], {}),
        (None, [-1, -1, -1], {}),
    ],
)  # fmt: skip
def test_labels_are_numbers_with_names(label: Any, numbers: list[int], classes: dict[int, str]) -> None:
    contents = checked({"z": MEAN[:3, :2], "label": label}, "digits")
    assert (contents.labels.tolist(), contents.classes) == (numbers, classes)


@pytest.mark.parametrize(
    ("columns", "advice"),
    [
        ({}, "holds nothing"),
        ({"mu": MEAN, "logvar": LOG_VAR}, "rename mu to mean and logvar to log_var"),
        ({"Mean": MEAN, "log-var": LOG_VAR}, "rename Mean to mean"),
        ({"mean": MEAN}, "rename mean to z"),
        ({"arr_0": MEAN, "arr_1": LOG_VAR}, r"np.savez gives such names to what has none; write np.savez\(FILE, mean=\.\.\."),
        ({"mean": MEAN, "log_sigma": LOG_VAR}, r"save 2 \* log_sigma as log_var"),
        ({"z": MEAN, "std": LOG_VAR}, "add mean"),
        ({"embeddings": MEAN}, "rename embeddings to z"),
        ({"x": MEAN}, "save your arrays under these names"),
        ({"z0": MEAN[:, 0], "z1": MEAN[:, 1]}, r"join z0, z1 … to one column of lists or one array \[N, D\]"),
        ({"mean": MEAN, "log_var": LOG_VAR.T}, r"save log_var.T"),
        ({"mean": MEAN, "log_var": LOG_VAR[:, :3]}, "save both as"),
        ({"z": MEAN.T, "label": np.zeros(50)}, r"axes are swapped; save z.T"),
        ({"z": np.zeros((10, 5000))}, r"if the axes are swapped, save z.T"),
        ({"z": MEAN[:, 0]}, r"z\[:, None\]"),
        ({"z": MEAN.reshape(50, 2, 2)}, r"save z.reshape\(len\(z\), -1\)"),
        ({"z": np.zeros((0, 4))}, "is empty"),
        ({"z": MEAN[:1]}, "has one example"),
        ({"z": ["a", "b"]}, "save it as numbers"),
        ({"z": MEAN.astype(complex)}, "save it as numbers"),
        ({"z": np.float32(1) * np.where(MEAN > 2, np.nan, MEAN)}, "NaN in z"),
        ({"z": np.where(MEAN > 2, np.inf, MEAN)}, "infinite numbers in z"),
        ({"z": np.where(MEAN > 2, np.inf, MEAN).astype(np.float16)}, "float16 ends at 65,504; save it as float32"),
        ({"z": 1e7 * MEAN}, "1,000,000 is the maximum"),
        ({"mean": MEAN, "var": LOG_VAR}, "perhaps log σ²; rename var to log_var"),
        ({"mean": MEAN, "std": LOG_VAR}, r"perhaps log σ; save 2 \* std as log_var"),
        ({"mean": MEAN, "std": np.maximum(MEAN, 0)}, "has zeros in std"),
        ({"mean": MEAN, "log_var": np.exp(LOG_VAR)}, "rename log_var to var or std"),
        ({"mean": MEAN, "log_var": LOG_VAR, "std": np.exp(LOG_VAR)}, r"log σ as log_var, as std tells; save 2 \* log_var"),
        ({"mean": MEAN, "log_var": LOG_VAR, "std": np.exp(2 * LOG_VAR)}, "contradict each other"),
        ({"mean": MEAN, "log_var": np.where(MEAN > 0, 100, -1)}, "bound the encoder's log variance"),
        ({"mean": MEAN, "log_var": 60 * LOG_VAR}, "save the means as z, alone"),
        ({"z": MEAN, "label": np.zeros(49)}, "label has 49 values; give one for each example"),
        ({"z": MEAN, "label": MEAN}, "label has the shape"),
        ({"z": MEAN, "label": MEAN[:, 0]}, "rename label if it is a measurement"),
        ({"z": MEAN, "text": ["a"]}, "text has 1 values"),
        ({"z": MEAN, "text": np.zeros(50)}, "save 50 strings, or leave it out"),
    ],
)  # fmt: skip
def test_every_fault_says_what_to_do(columns: dict[str, Any], advice: str) -> None:
    assert re.search(advice, refused(**columns))


SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
NUMBERS = st.one_of(
    arrays.arrays(st.sampled_from([np.float16, np.float32, np.float64, np.int8, np.bool_]), SHAPES),
    arrays.arrays(np.dtype("U3"), SHAPES),
    arrays.arrays(np.dtype("M8[s]"), SHAPES),
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["mean", "log_var", "std", "var", "z", "label", "text", "size", "mu"]), NUMBERS))
def test_whatever_the_columns_are_they_are_sound_or_refused(columns: dict[str, Any]) -> None:
    try:
        contents = checked(columns, "digits")
    except UserError as error:
        one_sentence(error)
        return
    tensors = contents.posterior.tensors()
    assert all(tensor.isfinite().all() and tensor.ndim == 2 for tensor in tensors.values())
    assert len(contents.labels) == len(contents.posterior)
    assert int(contents.labels.min()) >= -1


@settings(max_examples=100, deadline=None)
@given(
    arrays.arrays(np.float64, (3, 2), elements=st.floats(-1e3, 1e3)),
    arrays.arrays(np.float64, (3, 2), elements=st.floats(-10, 0)),
)
def test_sound_posteriors_are_taken_as_they_are(mean: np.ndarray, log_var: np.ndarray) -> None:
    posterior = checked({"mean": mean, "log_var": log_var}, "digits").posterior
    assert isinstance(posterior, DiagonalGaussian)
    np.testing.assert_array_equal(posterior.mean, mean)
    np.testing.assert_array_equal(posterior.log_var, log_var)


def test_masked_values_are_not_taken_for_values() -> None:
    with pytest.raises(UserError, match="has masked values in z; leave these examples out"):
        checked({"z": np.ma.masked_greater(np.ones((3, 2)), 0)}, "digits")


def test_a_column_of_rows_is_a_matrix() -> None:
    """A cell of pandas may hold a list, a tuple or an array."""
    for row in (list, tuple, np.array):
        frame = pd.DataFrame({"mean": [row(x) for x in MEAN.tolist()], "log_var": [row(x) for x in LOG_VAR.tolist()]})
        found = checked({name: frame[name] for name in frame}, "frame").posterior
        assert isinstance(found, DiagonalGaussian)
        torch.testing.assert_close(found.location.numpy(), np.asarray(MEAN, dtype=np.float64))
    ragged = [[1.0], [1.0, 2.0]] * 25
    with pytest.raises(UserError, match="save it as numbers"):
        checked({"z": pd.Series(ragged)}, "frame")
    for odd in (ragged, torch.eye(3).to_sparse()):
        with pytest.raises(UserError, match=r"can't read z as an array \(.+\); give a numpy array of float32\.$"):
            checked({"z": odd}, "frame")


def test_a_number_that_is_missing_is_nan_and_not_masked() -> None:
    """An extension array of pandas has a mask as NumPy's masked arrays have."""
    found = checked({"z": MEAN, "ink": pd.array([1, pd.NA] * 25, dtype="Int64")}, "frame").columns["ink"]
    assert found[0] == 1
    assert np.isnan(found[1])
