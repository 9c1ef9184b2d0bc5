"""See what the latent space of a text VAE is like: two checkpoints side by side, in the browser.

python app.py                               the checkpoints that come with the project
python app.py --checkpoints runs            your own
python app.py --mcp                         also for programs that speak MCP
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from dgvae.catalogue import find_checkpoints
from dgvae.errors import UserError

BUNDLED = Path(__file__).parent / "checkpoints"


def main(arguments: list[str] | None = None) -> int:
    """Start the app and serve until it is stopped; return the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        serve(options)
    except (UserError, PermissionError) as error:
        print(f"app: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def serve(options: argparse.Namespace) -> None:
    """Build the page and serve it. Raises UserError if there is nothing to show or the port is taken."""
    if not find_checkpoints(options.checkpoints):
        raise UserError(
            f"There is no checkpoint in {options.checkpoints}; make one with: "
            f"python -m train.fit --method dg-vae --corpus short-yelp --data DATA --out {options.checkpoints}/dg-vae"
        )
    if options.port is not None and not 0 < options.port < 65536:
        raise UserError(f"A port is a number from 1 to 65535, not {options.port}.")
    if options.data and not options.data.is_dir():
        raise UserError(f"There is no folder {options.data}; --data names the folder that holds the corpora.")
    print("Starting …", flush=True)
    keep_caches_where_one_may_write()  # before the libraries are imported, which read the environment then
    from dgvae.ui.fault_log import keep_log_short
    from dgvae.ui.page import build_page
    from dgvae.ui.shelf import Shelf
    from dgvae.ui.theme import look

    if options.mcp and not find_spec("mcp"):
        raise UserError('--mcp needs a package that is not installed: pip install "gradio[mcp]"')
    keep_log_short()
    shelf = Shelf(options.checkpoints, options.data)
    page = build_page(shelf).queue(default_concurrency_limit=4)
    shelf.warm_up()
    try:
        page.launch(
            server_name=options.host,
            server_port=options.port,
            share=options.share,
            mcp_server=options.mcp,
            **look(),
            footer_links=["api", "settings"],
            run_history=False,
            state_session_capacity=500,  # Gradio's 10,000 would come to 3 GB
        )
    except OSError as error:
        raise UserError(f"The app could not be served ({error}); choose another --port or --host.") from None


def keep_caches_where_one_may_write() -> None:
    """If the user's cache folder can't be written, as in some containers, let the libraries use a temporary one."""
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        cache.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=cache).close()
    except (OSError, RuntimeError):  # the latter if there is no home at all
        cache = tempfile.mkdtemp(prefix="dgvae-cache-")
        os.environ["XDG_CACHE_HOME"] = cache  # of Vega's script and the Hub's files
        print(f"The cache folder can't be written; caches are kept in {cache}.", file=sys.stderr)


def make_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="python app.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--checkpoints", type=Path, default=BUNDLED, metavar="DIR", help="folder of checkpoints (default: the bundled ones)"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        default=os.environ.get("DGVAE_DATA"),
        help="folder of corpora: the map then shows the sentences themselves (default: $DGVAE_DATA)",
    )
    parser.add_argument(
        "--host", metavar="NAME", help="address to serve on (default: $GRADIO_SERVER_NAME, or this machine only)"
    )
    parser.add_argument(
        "--port", type=int, metavar="N", help="port to serve on (default: the first free from $GRADIO_SERVER_PORT or 7860)"
    )
    parser.add_argument("--mcp", action="store_true", help="also offer the API to MCP clients, under /gradio_api/mcp/")
    parser.add_argument("--share", action="store_true", help="also make a public address that lasts a week")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
