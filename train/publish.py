"""Publish a checkpoint on the Hugging Face Hub, where the app opens it by its id.

    hf auth login
    python -m train.publish runs/dg --repo user/name

Creates the model repository if there is none, and uploads the checkpoint's files and its card in one commit. It never uploads
the state of the run, its options, its logs or any text. --dry-run shows the result; it needs no network and no token.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

from dgvae.checkpoint.checkpoint import CARD_FILE, FILES, load_checkpoint
from dgvae.checkpoint.discover import TOKENIZER_FILE, tokenizer_path
from dgvae.checkpoint.hub import TIMEOUT, parse_repository, unreached
from dgvae.console import command
from dgvae.environment import check_network
from dgvae.errors import UserError
from train.evaluate.card import model_card
from train.run.run_file import refuse_unfinished


@command("train.publish", interrupted="stopped; the same command starts again")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    publish(make_parser().parse_args(arguments))
    return 0


@dataclass(frozen=True)
class Publication:
    """What is to be put where: the bytes of each file of a checkpoint by its name."""

    repository: str
    files: dict[str, bytes]
    message: str
    private: bool

    @property
    def address(self) -> str:
        """Where it can be seen."""
        return f"{constants.ENDPOINT}/{self.repository}"


def publish(options: argparse.Namespace) -> None:
    """Check the checkpoint, then show it or upload it."""
    publication = read_publication(options.run, options.repo, options.message, options.private)
    if options.dry_run:
        print(publication.files[CARD_FILE].decode())
    for name, data in publication.files.items():
        print(f"{name:20} {len(data):>13,} bytes")
    if options.dry_run:
        kind = "private" if options.private else "public"
        print(
            f"--dry-run: this would go to {publication.address}, created {kind} if it does not exist, as "
            f"“{publication.message}”."
        )
        return
    changed = upload(publication)
    print(f"Published: {publication.address}" if changed else f"Nothing changed: {publication.address} has it all already.")
    print(f"To see it: python app.py, and there {publication.repository} under “A model from the Hub”")


def read_publication(folder: Path, repository: str, message: str | None = None, private: bool = False) -> Publication:
    """Read and verify a checkpoint folder. The card is made anew, with the repository's id in it.

    Args:
        folder: of the checkpoint.
        repository: its id on the Hub, `owner/name`.
        message: of the commit; by default what the model is.
        private: whether a new repository is private.

    Returns:
        What is to be published.

    Raises:
        UserError: the folder holds no checkpoint, or one that is not whole yet, or the id is none of the Hub's.
    """
    repository, revision = parse_repository(repository)
    if revision:
        raise UserError(f"A checkpoint is published on the main branch: give --repo {repository}.")
    refuse_unfinished(folder)
    checkpoint = load_checkpoint(folder)
    title = checkpoint.model.config.title
    card = model_card(folder, checkpoint.model, checkpoint.metrics, repository)
    places = {name: folder / name for name in FILES if name != CARD_FILE} | {TOKENIZER_FILE: tokenizer_path(folder)}
    files = {name: path.read_bytes() for name, path in places.items()} | {CARD_FILE: card.encode()}
    return Publication(repository, files, message or f"{title} on {checkpoint.metrics.corpus}", private)


def upload(publication: Publication) -> bool:
    """Put it on the Hub in one commit; return whether anything changed. Raises UserError that says why it can't be."""
    check_network()
    if not get_token():
        raise UserError("There is no access token for the Hub; log in with `hf auth login`, or set HF_TOKEN.")
    hub, repository = HfApi(), publication.repository
    try:
        hub.create_repo(repository, private=publication.private or None, exist_ok=True)
        before = hub.model_info(repository, timeout=TIMEOUT)
        if publication.private and not before.private:
            raise UserError(f"{repository} exists and is public; make it private in its settings, or do not give --private.")
        commit = hub.create_commit(
            repository,
            [CommitOperationAdd(name, data) for name, data in publication.files.items()],
            commit_message=publication.message,
        )
    except (httpx2.HTTPError, OSError, RuntimeError, ValueError) as error:
        raise UserError(fault(repository, error)) from None
    return commit.oid != before.sha


def fault(repository: str, error: BaseException) -> str:
    """Why an upload failed, in one sentence."""
    match error:
        case RuntimeError() if error.__cause__:  # while a file of its own was sent
            return fault(repository, error.__cause__)
        case HfHubHTTPError(response=response) if response.status_code == 403:
            return f"Your token can't write to {repository}; create one with write access in the Hub's settings."
        case RepositoryNotFoundError():  # which the Hub also says of what one may not see
            return f"Your token can't see {repository}; log in with `hf auth login` as a user who can write there."
        case HfHubHTTPError(response=response) if response.status_code == 401:
            return "The Hub does not accept your token; log in again with `hf auth login`, or set another HF_TOKEN."
        case HfHubHTTPError(response=response):
            said = f": {error.server_message.rstrip('.')}" if error.server_message else ""
            return f"The Hub refused {repository} (status {response.status_code}{said}); try again later."
        case httpx2.HTTPError() | httpx2.InvalidURL() | OfflineModeIsEnabled():
            return f"{'; '.join(unreached(error))}."
        case JSONDecodeError():  # a network's log-in page, for one
            return "The answer did not come from the Hub; check the network."
    return f"The upload failed ({' '.join(str(error).split()).rstrip('.')}); try again."


def make_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.publish",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="the checkpoint's folder")
    parser.add_argument("--repo", required=True, metavar="USER/NAME", help="the model repository, created if there is none")
    parser.add_argument("--private", action="store_true", help="make it private; an existing repository is never made private")
    parser.add_argument("--dry-run", action="store_true", help="show the card and the files, and upload nothing")
    parser.add_argument("--message", metavar="TEXT", help="message of the commit (default: the model and its corpus)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
