"""Files of latents: the three formats hold the same, and what can't be read is said in one sentence."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save
from safetensors.torch import save as save_tensors

from dgvae.errors import UserError
from dgvae.latent_space.bounds import Most
from dgvae.latent_space.formats import bytes_of, read_columns

MEAN = np.arange(6, dtype=np.float32).reshape(3, 2)
TEXT = ["a zero", "[é]", ""]


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]
    return file.getvalue()


def parquet(columns: dict[str, object]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    file = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue().to_pybytes()


FILES = {
    "safetensors": save({"mean": MEAN, "text": bytes_of(TEXT), "size": np.array([1, 2, 3])}),
    "npz": npz(mean=MEAN, text=np.array(TEXT), size=np.array([1, 2, 3])),
    "parquet": parquet({"mean": list(MEAN), "text": TEXT, "size": [1, 2, 3]}),
}


@pytest.mark.parametrize("kind", FILES)
def test_every_format_holds_the_same_whatever_the_file_is_called(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "latents"
    path.write_bytes(FILES[kind])
    columns = read_columns(path)
    assert columns.keys() == {"mean", "text", "size"}
    np.testing.assert_array_equal(columns["mean"], MEAN)
    np.testing.assert_array_equal(columns["size"], [1, 2, 3])
    assert columns["text"] == TEXT


def test_whole_numbers_of_64_bits_are_read_as_near_as_they_can_be(tmp_path: Path) -> None:
    (path := tmp_path / "latents.parquet").write_bytes(parquet({"z": list(MEAN), "id": [2**60 + 1, None, 3]}))
    found = read_columns(path)["id"]
    assert isinstance(found, np.ndarray)
    assert found[0] == 2.0**60
    assert np.isnan(found[1])


def test_parquet_has_fixed_lists_numbers_that_are_missing_and_categories(tmp_path: Path) -> None:
    import pyarrow as pa

    path = tmp_path / "latents.parquet"
    path.write_bytes(
        parquet({
            "mean": pa.array(MEAN.tolist(), pa.list_(pa.float16(), 2)),
            "size": [1, None, 3],
            "label": pa.array(["b", "a", "b"]).dictionary_encode(),
            "text": pa.array(["é".encode(), None, b"\xff"], pa.binary()),
        })
    )  # fmt: skip
    columns = read_columns(path)
    np.testing.assert_array_equal(columns["mean"], MEAN)
    np.testing.assert_array_equal(columns["size"], [1, np.nan, 3])
    assert columns["label"] == ["b", "a", "b"]
    assert columns["text"] == ["é", "", "\ufffd"]


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet as files

    column = pa.array(MEAN.tolist(), pa.list_(pa.float32()))
    files.write_table(pa.table([column, column], names=["z", "z"]), tmp_path / "two.parquet")
    with pytest.raises(UserError, match="has several columns named z; give each column its own name"):
        read_columns(tmp_path / "two.parquet")


def test_safetensors_has_types_that_no_checkpoint_has(tmp_path: Path) -> None:
    path = tmp_path / "latents.safetensors"
    mean = torch.from_numpy(MEAN).bfloat16()
    path.write_bytes(
        save_tensors(
            {"mean": mean, "is_odd": torch.tensor([True, False, True]), "size": torch.tensor([1, 2, 3], dtype=torch.uint16)}
        )
    )
    columns = read_columns(path)
    np.testing.assert_array_equal(columns["mean"], MEAN)
    np.testing.assert_array_equal(columns["is_odd"], [True, False, True])
    np.testing.assert_array_equal(columns["size"], [1, 2, 3])


@pytest.mark.parametrize("length", [0x180, 0x4B50, 0x8B1F])
def test_the_length_of_a_header_is_not_taken_for_another_kind(length: int, tmp_path: Path) -> None:
    """Two bytes of it are those of a pickle, of gzip or of a zip."""
    path = tmp_path / "latents.safetensors"
    whole = FILES["safetensors"]
    header = int.from_bytes(whole[:8], "little")
    path.write_bytes(length.to_bytes(8, "little") + whole[8 : 8 + header].ljust(length) + whole[8 + header :])
    np.testing.assert_array_equal(read_columns(path)["mean"], MEAN)


def test_numbers_in_safetensors_are_not_taken_for_text(tmp_path: Path) -> None:
    path = tmp_path / "latents.safetensors"
    path.write_bytes(save({"label": np.array([91, 92, 93], dtype=np.uint8), "size": np.array([], dtype=np.uint8)}))
    assert [type(column) for column in read_columns(path).values()] == [np.ndarray, np.ndarray]


class Touch:
    """Unpickling it writes a file."""

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, ("unpickled", "w")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (pickle.dumps(Touch()), "is a pickle, which is never read"),
        (npz(mean=np.array([Touch()], dtype=object)), "holds mean as Python objects, .* save mean as an array of float32"),
        (npz(mean=MEAN, label=np.array([Touch()], dtype=object)), "holds label as Python objects, .*label as numpy.array"),
        (FILES["npz"][:100], "is broken"),
        (FILES["parquet"][:100], "is broken"),
        (FILES["safetensors"][:-10], "is broken"),
        (FILES["safetensors"][:100], "or it is cut off"),
        (b"", "is no .safetensors, .npz or Parquet file"),
        (b"mean,log_var\n1,2\n", "is no .safetensors, .npz or Parquet file"),
        (b"\x1f\x8b" + bytes(20), "unpack it first"),
        (parquet({"mean": [[1.0], [1.0, 2.0]]}), "lists of several lengths"),
        (parquet({"mean": [["1.0"], ["2.0"]], "log_var": [[0.0], [0.0]]}), "holds lists of texts in its column mean"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_said(data: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "latents.npz"
    path.write_bytes(data)
    with pytest.raises(UserError, match=said):
        read_columns(path)
    assert not (tmp_path / "unpickled").exists()


def test_python_objects_that_are_not_needed_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "latents.npz"
    path.write_bytes(npz(mean=MEAN, settings=np.array({"made by": Touch()}, dtype=object)))
    assert read_columns(path).keys() == {"mean"}
    assert not (tmp_path / "unpickled").exists()


def test_a_file_of_torch_is_not_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "latents.pt"
    torch.save({"mean": torch.zeros(3, 2)}, path)
    with pytest.raises(UserError, match=r"written by torch.save, as a pickle, which is never read"):
        read_columns(path)


def test_a_file_that_is_missing_or_a_folder_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "none.npz", tmp_path):
        with pytest.raises(UserError, match="There is no file"):
            read_columns(path)


def test_what_would_fill_the_memory_is_not_unpacked(tmp_path: Path) -> None:
    path, few = tmp_path / "latents", Most(bytes=1_000_000, text_bytes=100_000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mean.npy", bytes(2_000_000))
    assert path.stat().st_size < 10_000
    with pytest.raises(UserError, match="is too large"):
        read_columns(path, few)
    path.write_bytes(bytes(1_000_001))
    with pytest.raises(UserError, match="is too large"):
        read_columns(path, few)
    tables: list[dict[str, object]] = [{"text": ["a" * 10_000] * 1000}, {"z": [[0.0] * 100] * 10_000}]
    for table in tables:  # each value is stored once
        path.write_bytes(parquet(table))
        assert path.stat().st_size < 200_000
        with pytest.raises(UserError, match=r"10 MB of text in a column, and 0 MB are read|is too large"):
            read_columns(path, few)


def test_texts_within_lists_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "latents.parquet"
    path.write_bytes(parquet({"z": [[1.0], [2.0]], "words": [["a"], ["b", "c"]]}))
    assert read_columns(path).keys() == {"z"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from([*FILES]), at=st.integers(0, 2000), noise=st.binary(max_size=6), cut=st.booleans())
def test_a_damaged_file_is_read_or_refused_in_one_sentence(kind: str, at: int, noise: bytes, cut: bool, tmp_path: Path) -> None:
    whole = FILES[kind]
    at %= len(whole)
    path = tmp_path / "latents"
    path.write_bytes(whole[:at] + noise + (b"" if cut else whole[at + len(noise) :]))
    try:
        columns = read_columns(path)
    except UserError as error:
        said = str(error)
    else:
        said = ""
        assert all(isinstance(column, list | np.ndarray) for column in columns.values())
    assert "\n" not in said


def test_labels_saved_as_advised_have_no_class_none(tmp_path: Path) -> None:
    label = np.array(["a", None, "b"], dtype=object)
    np.savez(tmp_path / "a.npz", mean=MEAN, label=label)
    with pytest.raises(UserError) as caught:
        read_columns(tmp_path / "a.npz")
    advised = str(caught.value).partition("save label as ")[2].removesuffix(".")
    np.savez(tmp_path / "a.npz", mean=MEAN, label=eval(advised, {"numpy": np, "label": label}))
    assert read_columns(tmp_path / "a.npz")["label"] == ["a", "", "b"]  # "" is no label
