"""Files that are something else than their name says, told by their first bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path

from dgvae.errors import UserError
from train.corpora.encodings import opened

PARQUET = b"PAR1"
_TABLE, _TEXT, _UNPACK = "save its table as .csv", "save its text as .txt", "unpack it and give the file in it"

_BINARY: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "a PDF file", _TEXT),
    (b"{\\rtf", "a rich text file (RTF)", _TEXT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a file of Excel, Word or the like", f"{_TABLE}, or its text as .txt"),
    (b"ARROW1", "an Arrow file", "save the table as .parquet"),
    (b"FEA1", "a Feather file", "save the table as .parquet"),
    (b"Obj\x01", "an Avro file", "save the table as .parquet"),
    (b"SQLite format 3\0", "a SQLite database", _TABLE),
    (b"BZh", "packed by bzip2", _UNPACK),
    (b"\xfd7zXZ\0", "packed by xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed by zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a", "a RAR archive", _UNPACK),
    (b"\x1f\x8b", "packed by gzip twice", _UNPACK),  # of what is unpacked
    (b"\x1f\x9d", "packed by compress", _UNPACK),
    (b"\x04\x22\x4d\x18", "packed by lz4", _UNPACK),
    (b"(lp0\n", "a Python pickle", "save the table as .parquet"),
    (b"(dp0\n", "a Python pickle", "save the table as .parquet"),
    (b"\x80\x03", "a Python pickle", "save the table as .parquet"),
    (b"\x80\x04\x95", "a Python pickle", "save the table as .parquet"),
    (b"\x80\x05\x95", "a Python pickle", "save the table as .parquet"),
    (b"\x93NUMPY", "a NumPy array", _TEXT),
    (b"\x89HDF", "an HDF5 file", "save the table as .parquet"),
    (b"RDX2\n", "an R data file", "save the table with write.csv"),
    (b"RDX3\n", "an R data file", "save the table with write.csv"),
    (b"X\n\0\0\0", "an R data file", "save the table with write.csv"),
    (b"$FL2@(#)", "an SPSS file", _TABLE),
    (b"<stata_dta>", "a Stata file", _TABLE),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "a SAS file", _TABLE),
    (b"\x89PNG", "a picture", _TEXT),
    (b"\xff\xd8\xff", "a picture", _TEXT),
    (b"GIF8", "a picture", _TEXT),
    (b"RIFF", "a picture or a sound", _TEXT),
    (b"ID3", "a sound", _TEXT),
    (b"\x7fELF", "a program", _TEXT),
    (b"GGUF", "the weights of a model", _TEXT),
    (b"\xde\x12\x04\x95", "a compiled catalog of gettext (.mo)", _TEXT),
    (b"\x95\x04\x12\xde", "a compiled catalog of gettext (.mo)", _TEXT),
    (b"ORC", "an ORC file", "save the table as .parquet"),
    (b"version https://git-lfs.github.com/spec/", "a pointer of Git LFS and not the file", "get the file with git lfs pull"),
)
_ZIPPED = {
    "xl/": ("an Excel workbook", _TABLE),
    "word/": ("a Word document", _TEXT),
    "ppt/": ("a PowerPoint file", _TEXT),
    "content.xml": ("a LibreOffice file", f"{_TABLE}, or its text as .txt"),
    "Index/": ("a Numbers or Pages file", f"{_TABLE}, or its text as .txt"),
    "META-INF/container.xml": ("an e-book", _TEXT),
}


def refuse_other_kinds(path: Path) -> None:
    """Raise UserError if the file's first bytes are those of a kind that is not read, whatever its name says."""
    if path.exists() and not path.is_file():
        what, advice = ("a folder", "; join its files into one") if path.is_dir() else ("a pipe or a device", "")
        raise UserError(f"{path} can't be read (it is {what}, not a file){advice}.")
    with opened(path) as file:
        start = file.read(512)
    if start.startswith(b"PK\x03\x04"):
        raise _refusal(path, *_zipped(path))
    for mark, what, advice in _BINARY:
        if start.startswith(mark):
            raise _refusal(path, what, advice)
    if start[3:8] == b"\0" * 5 and start[8:10] == b'{"':
        raise _refusal(path, "the weights of a model (safetensors)", _TEXT)
    if start[257:262] == b"ustar":
        raise _refusal(path, "a tar archive", _UNPACK)


def is_parquet(path: Path) -> bool:
    """Whether the file begins as a Parquet file does."""
    with open(path, "rb") as file:
        return file.read(4) == PARQUET


def _zipped(path: Path) -> tuple[str, str]:
    try:
        with opened(path) as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        names = []
    return next(
        (kind for start, kind in _ZIPPED.items() if any(name.startswith(start) for name in names)), ("a zip archive", _UNPACK)
    )


def _refusal(path: Path, what: str, advice: str) -> UserError:
    return UserError(f"{path} is {what}; {advice}.")
