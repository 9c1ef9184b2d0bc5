"""Explore the latent space of text VAEs in the browser: two checkpoints side by side.

python app.py                               the checkpoints of the project
python app.py --checkpoints runs            your own
python app.py --latents digits.npz          the latents of a model of your own, of text or of anything else
python app.py --latents digits.npz --decoder digits:decode     and what your decoder makes of them, text or pictures
python app.py --mcp                         also for programs that speak MCP
"""

from __future__ import annotations

import argparse
import os
import signal
from collections import Counter
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dgvae.checkpoint.discover import find_checkpoints
from dgvae.console import command
from dgvae.environment import check_network, choose_cache, direct_requests, keep_memory_together
from dgvae.errors import UserError
from dgvae.ui.surroundings import check_gradio_settings, check_host, check_port

if TYPE_CHECKING:
    import gradio

    from dgvae.ui.shelf import Shelf

BUNDLED = Path(__file__).parent / "checkpoints"
ALL_ADDRESSES = ("0.0.0.0", "::")


@command("app")
def main(arguments: list[str] | None = None) -> int:
    """Start the app and serve until it is stopped; return the exit status."""
    serve(make_parser().parse_args(arguments))
    return 0


def serve(options: argparse.Namespace) -> None:
    """Build the page and serve it. Raises UserError if there is nothing to show or the port is taken."""
    if not find_checkpoints(options.checkpoints) and not options.latents:
        raise UserError(
            f"There is no checkpoint in {options.checkpoints}; make one with: "
            f"python -m train.fit --method dg-vae --corpus short-yelp --data DATA --out {options.checkpoints}/dg-vae"
        )
    if options.decoder and not options.latents:
        raise UserError("--decoder is for the latents of --latents; name a file of them.")
    check_latents(options.latents)
    check_port(options.port)
    if options.data and not options.data.is_dir():
        raise UserError(f"There is no folder {options.data}; --data names the folder that holds the corpora.")
    if options.share:
        check_network()
    if options.mcp and options.auth:
        raise UserError("--mcp and --auth do not go together: programs that speak MCP can't log in; leave one of them out.")
    users = read_users(options.auth) if options.auth else None
    check_gradio_settings()
    host = options.host or os.environ.get("GRADIO_SERVER_NAME") or None
    address = check_host(host) if host else ""
    say_network_fault()
    print("Starting …", flush=True)
    keep_memory_together()
    choose_cache()  # before the libraries are imported, which read the environment then
    with direct_requests():  # Gradio makes its client as it is imported, and asks its own address whether it answers
        page = launch(options, users, f"[{address}]" if ":" in address else host)  # as an address of a page has IPv6
    if not users and (options.share or address in ALL_ADDRESSES):
        print("Anyone who can reach this address may use the app; --auth FILE asks visitors for a name and a password.")
    page.block_thread()


def launch(options: argparse.Namespace, users: list[tuple[str, str]] | None, host: str | None) -> gradio.Blocks:
    """Build the page and begin to serve it.

    Args:
        options: of the command.
        users: their names and passwords, if only they may use the app.
        host: the address to serve at; None for this machine alone.
    """
    from dgvae.ui import serving
    from dgvae.ui.own_decoder import import_decoder
    from dgvae.ui.page import build_page
    from dgvae.ui.requests.fault_log import keep_log_short
    from dgvae.ui.shelf import Shelf

    if options.mcp and not find_spec("mcp"):
        raise UserError('--mcp needs a package that is not installed: pip install "gradio[mcp]"')
    keep_log_short()
    shelf = Shelf(options.checkpoints, options.data)
    clean_up_at_the_end(shelf)
    for model in options.hub:
        shelf.add_own_from_hub(model, options.hub_token)
    decoder = import_decoder(options.decoder) if options.decoder else None
    for path, name in options.latents:
        print(f"Measuring {path} …", flush=True)
        shelf.add_latents(path, name, decoder)
    page = build_page(shelf)
    shelf.warm_up.start()
    serving.launch(
        page,
        "--port or --host",
        server_name=host,
        server_port=options.port,
        share=options.share,
        auth=users,
        root_path=options.root_path,
        mcp_server=options.mcp,
    )
    return page


def say_network_fault() -> None:
    """Say at the start why no model can be fetched from the Hub, if it is for the settings: everything else works."""
    try:
        check_network()
    except UserError as error:
        print(f"No model can be fetched from the Hub: {error}", flush=True)


def clean_up_at_the_end(shelf: Shelf) -> None:
    """Delete what visitors fetched when the process is asked to end; Python does nothing then by itself."""

    def end(number: int, _: Any) -> None:
        shelf.close()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    with suppress(ValueError):  # not in the main thread, where a program serves the page
        signal.signal(signal.SIGTERM, end)


def read_users(path: Path) -> list[tuple[str, str]]:
    """The names and passwords in a file, a line `name:password` for each. Raises UserError."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}, the file of --auth, can't be read ({error}).") from None
    users = [(name.strip(), password) for name, _, password in (line.partition(":") for line in lines)]
    if not users or not all(name and password for name, password in users):
        raise UserError(f"{path}, the file of --auth, must hold one line name:password for each user.")
    if blank := next((name for name, password in users if password != password.strip()), None):
        raise UserError(f"{path}, the file of --auth, has a blank before or after the password of {blank}; remove it.")
    if twice := next((name for name, times in Counter(name for name, _ in users).items() if times > 1), None):
        raise UserError(f"{path}, the file of --auth, has two passwords for {twice}; remove one.")
    return users


def latents_file(text: str) -> tuple[Path, str]:
    """An argument FILE or FILE=NAME: the file, and what it is called."""
    path, _, name = text.rpartition("=")
    return (Path(path), name) if path and name and not Path(text).exists() else (Path(text), Path(text).stem)


def check_latents(files: list[tuple[Path, str]]) -> None:
    """Raise UserError before the first file is measured, which can take minutes, if a later one can't be shown."""
    for path, _ in files:
        if not path.is_file():
            raise UserError(f"There is no file {path}; --latents takes a .safetensors, .npz or Parquet file, or FILE=NAME.")
    names = [name for _, name in files]
    for path, name in files:
        if names.count(name) > 1:
            raise UserError(f"Two files of --latents are called {name}; give one another name: --latents {path}=NAME")


def root_path(text: str) -> str:
    """An argument that is the path of an address, or a whole address."""
    if not text.startswith(("/", "http://", "https://")):
        said = f"must begin with /, as /explorer does, or with https://, not {text[:40]!r}"
        raise argparse.ArgumentTypeError(f"{said}; without the option, it is $GRADIO_ROOT_PATH")
    return text.rstrip("/")


def make_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="python app.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--checkpoints", type=Path, default=BUNDLED, metavar="DIR", help="folder of checkpoints (default: the bundled ones)"
    )
    parser.add_argument(
        "--latents",
        action="extend",
        nargs="+",
        type=latents_file,
        default=[],
        metavar="FILE[=NAME]",
        help="also show files with means and variances (.safetensors, .npz, Parquet), from any model; see docs/api.md",
    )
    parser.add_argument(
        "--decoder",
        metavar="MODULE:FUNCTION",
        help="a function of yours, from the working directory, that makes texts or images of the latents of --latents, "
        "z [S, D]; see docs/app.md",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        default=os.environ.get("DGVAE_DATA"),
        help="folder of corpora: the map then shows the sentences themselves (default: $DGVAE_DATA)",
    )
    parser.add_argument(
        "--hub",
        action="extend",
        nargs="+",
        default=[],
        metavar="ID",
        help="also show these checkpoints of the Hugging Face Hub, owner/name or owner/name@revision",
    )
    parser.add_argument(
        "--hub-token",
        action="store_true",
        help="use your token ($HF_TOKEN, or that of `hf auth login`) for the models of --hub; never for models that "
        "visitors fetch",
    )
    parser.add_argument(
        "--host", metavar="NAME", help="address to serve on (default: $GRADIO_SERVER_NAME, or this machine only)"
    )
    parser.add_argument(
        "--port", type=int, metavar="N", help="port to serve on (default: the first free from $GRADIO_SERVER_PORT or 7860)"
    )
    parser.add_argument("--mcp", action="store_true", help="also offer the API to MCP clients, under /gradio_api/mcp/")
    parser.add_argument("--share", action="store_true", help="also create a public address that lasts a week; see --auth")
    parser.add_argument(
        "--auth",
        type=Path,
        metavar="FILE",
        help="ask visitors for a name and a password; FILE has one line name:password per user",
    )
    parser.add_argument(
        "--root-path",
        type=root_path,
        default=os.environ.get("GRADIO_ROOT_PATH") or None,
        metavar="PATH",
        help="where a proxy shows the app, such as /explorer (default: $GRADIO_ROOT_PATH)",
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
