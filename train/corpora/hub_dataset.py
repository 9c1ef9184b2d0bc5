"""A data set of the Hugging Face Hub: which of its files are the splits, and where they lie once they are here."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import RevisionNotFoundError

from dgvae.checkpoint.hub import TIMEOUT, HubUnreachableError, hub_faults, parse_repository
from dgvae.errors import UserError
from dgvae.text.corpora import SPLITS
from train.corpora.reading import FORMATS, format_of

Splits = dict[str, list[str]]  # the names of the files of each split

MAX_BYTES = 5_000_000_000
CONVERTED = "refs/convert/parquet"  # a branch that the Hub makes of every data set it understands
USUAL = ("", "data", "default", "plain_text")  # names of a configuration that need not be given

_ID = re.compile(r"(?:https?://huggingface\.co/datasets/)?([^/@]+/[^/@]+)(?:/([^@]+))?(@.+)?")
_SPLIT = re.compile(
    r"(?:(?P<before>.*)[-._ ])?(?P<split>train|training|valid|validation|val|dev|test)"
    r"(?:[-._]?\d+)*(?:-of-\d+)?(?:-[0-9a-f]{16})?",
    re.IGNORECASE,
)
_SPLITS = {"training": "train", "validation": "valid", "val": "valid", "dev": "valid"}


@dataclass(frozen=True)
class HubDataset:
    """A data set at one commit. `configuration` is the folder, or the beginning of a name, that its files share."""

    repository: str
    configuration: str | None
    revision: str | None
    commit: str


def find_dataset(text: str) -> HubDataset:
    """Pin 'owner/name', 'owner/name/configuration' or either with '@revision' to a commit.

    Where the Hub is out of reach, it is the commit seen last. Raises UserError.
    """
    match = _ID.fullmatch(text.strip())
    repository, revision = parse_repository(match[1] + (match[3] or "") if match else text)
    try:
        with hub_faults(repository, revision, "data set"):
            commit = HfApi().resolve_revision(repository, repo_type="dataset", revision=revision).resolved
    except HubUnreachableError as error:
        raise _offline(error, repository) from None
    return HubDataset(repository, match[2] if match else None, revision, commit)


def download_dataset(dataset: HubDataset) -> dict[str, list[Path]]:
    """Download the files of each split that the data set has, "train" in any case. Raises UserError."""
    repository = dataset.repository
    try:
        with hub_faults(repository, dataset.revision, "data set"):
            commit, sizes = dataset.commit, _sizes(repository, dataset.commit)
            files = choose_files(list(sizes), dataset)
            if not files and not dataset.revision:
                commit, sizes = _converted(repository)
                files = choose_files(list(sizes), dataset)
            if not files:
                raise UserError(f"{repository} has no file for training that is one of {', '.join(sorted(FORMATS))}.")
            if (total := sum(sizes[name] for names in files.values() for name in names)) > MAX_BYTES:
                raise UserError(
                    f"{repository} is {total / 1e9:,.0f} GB, more than the {MAX_BYTES / 1e9:,.0f} GB that are allowed; "
                    "download a part of it and give its file."
                )
            return {
                split: [Path(hf_hub_download(repository, name, repo_type="dataset", revision=commit)) for name in names]
                for split, names in files.items()
            }
    except HubUnreachableError as error:
        raise _offline(error, repository) from None


def choose_files(names: list[str], dataset: HubDataset) -> dict[str, list[str]]:
    """The files of each split, by their names, all shards in order; nothing if there are none to train on.

    Raises UserError if they are of several configurations and none is chosen.
    """
    trainable = {name: splits for name, endings in _by_place(names).items() if (splits := _in_one_format(endings))}
    if not trainable:
        return {}
    splits = trainable[_choose_configuration(list(trainable), dataset)]
    return {split: splits[split] for split in SPLITS if split in splits}


def _by_place(names: list[str]) -> dict[str, dict[str, Splits]]:
    """The files that can be read, by configuration, ending and split."""
    found: dict[str, dict[str, Splits]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for name in sorted(names):
        ending = format_of(name)
        if ending and (place := _place(name)):
            configuration, split = place
            found[configuration][ending][split].append(name)
    return found


def _in_one_format(endings: dict[str, Splits]) -> Splits:
    """The splits in the first format that has something to train on; nothing if none has."""
    return next((endings[ending] for ending in FORMATS if "train" in endings.get(ending, {})), {})


def _choose_configuration(trainable: list[str], dataset: HubDataset) -> str:
    """The one that is named, the only one, or a usual one. Raises UserError if that leaves none."""
    usual = trainable if len(trainable) == 1 else USUAL
    for name in usual if dataset.configuration is None else [dataset.configuration]:
        if name in trainable:
            return name
    choices = ", ".join(f"{dataset.repository}/{name}" if name else dataset.repository for name in trainable)
    raise UserError(f"{dataset.repository} holds several data sets; name one of {choices}.")


def _place(name: str) -> tuple[str, str] | None:
    """The configuration and the split of a file, told by its name or by the name of its folder."""
    *folders, file = name.split("/")
    stem = file[: file.lower().rindex(format_of(file) or "")]
    for above, part in ((folders, stem), (folders[:-1], folders[-1] if folders else "")):
        if match := _SPLIT.fullmatch(part):
            before = (match["before"] or "").removeprefix("partial")  # so the Hub names what it converted in part
            split = match["split"].lower()
            above = [folder for folder in above if not _SPLIT.fullmatch(folder)]
            return "/".join([*above, before] if before else above), _SPLITS.get(split, split)
    return None


def _sizes(repository: str, commit: str) -> dict[str, int]:
    """Every file's bytes."""
    info = HfApi().dataset_info(repository, revision=commit, files_metadata=True, timeout=TIMEOUT)
    return {file.rfilename: file.size or 0 for file in info.siblings or []}


def _converted(repository: str) -> tuple[str, dict[str, int]]:
    """The commit and the files of the branch with Parquet files, if the Hub has made one."""
    try:
        commit = HfApi().resolve_revision(repository, repo_type="dataset", revision=CONVERTED).resolved
    except RevisionNotFoundError:
        return "", {}
    return commit, _sizes(repository, commit)


def _offline(error: HubUnreachableError, name: str) -> UserError:
    return UserError(
        f"{error} and {name} is neither a file here nor a data set in this machine's cache; {error.advice}, or give files of "
        "your own."
    )
