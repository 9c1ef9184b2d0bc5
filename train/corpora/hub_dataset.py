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
        raise _offline(error) from None
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
        raise _offline(error) from None


def choose_files(names: list[str], dataset: HubDataset) -> dict[str, list[str]]:
    """The files of each split, by their names, all shards in order; nothing if there are none to train on.

    Raises UserError if they are of several configurations and none is chosen.
    """
    found: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for name in sorted(names):
        ending = format_of(name)
        if ending and (place := _place(name)):
            configuration, split = place
            found[configuration][ending][split].append(name)
    trained = {
        configuration: next(splits for ending in FORMATS if "train" in (splits := endings.get(ending, {})))
        for configuration, endings in found.items()
        if any("train" in splits for splits in endings.values())
    }
    if not trained:
        return {}
    if dataset.configuration is None:
        usual = [name for name in (trained if len(trained) == 1 else USUAL) if name in trained]
    else:
        usual = [dataset.configuration] if dataset.configuration in trained else []
    if not usual:
        choices = ", ".join(f"{dataset.repository}/{name}" if name else dataset.repository for name in trained)
        raise UserError(f"{dataset.repository} holds several data sets; name one of {choices}.")
    return {split: trained[usual[0]][split] for split in SPLITS if split in trained[usual[0]]}


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


def _offline(error: HubUnreachableError) -> UserError:
    return UserError(f"{error} and the data set is not in this machine's cache; try again later, or give files of your own.")
