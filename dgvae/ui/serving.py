"""Serving the page: as the app does, and with latent spaces that are in memory, for a notebook or for a program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dgvae.environment import choose_cache, direct_requests
from dgvae.errors import UserError
from dgvae.ui.own_decoder import OwnDecoder
from dgvae.ui.surroundings import check_port

if TYPE_CHECKING:
    import gradio as gr

    from dgvae.latent_space.space import LatentSpace

HEIGHT = 900  # of the page in a notebook, in pixels


def serve_spaces(spaces: Sequence[LatentSpace], decoder: Callable[..., Any] | None, port: int | None) -> gr.Blocks:
    """Measure latent spaces and serve the page with them, without waiting for its end.

    Args:
        spaces: with different names.
        decoder: z [S, D] → texts or pictures, of all of them.
        port: to serve on; the first free one by default.

    Returns:
        The page that is being served.

    Raises:
        UserError: two have the same name, or the port is taken or is none.
    """
    names = [space.name for space in spaces]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UserError(f"There are two latent spaces called {twice}; give each a name: LatentSpace(…, name=…).")
    check_port(port)
    choose_cache()
    with direct_requests():  # Gradio makes its client as it is imported, and asks its own address whether it answers
        from dgvae.ui.page import build_page
        from dgvae.ui.shelf import Shelf

        shelf = Shelf(Path("no-checkpoints"))
        own = OwnDecoder(decoder, getattr(decoder, "__name__", "given to serve")) if decoder else None
        for space in spaces:
            shelf.given.add_space(space, own)
        page = build_page(shelf)
        shelf.warm_up.start()
        launch(page, "port", server_port=port, height=HEIGHT)
    return page


def launch(page: gr.Blocks, choose: str, **where: Any) -> None:
    """Begin to serve a page with its look and its bounds.

    Args:
        page: that `build_page` made.
        choose: what else to choose if its address is taken, in a fault.
        where: options of Gradio's `launch`.

    Raises:
        UserError: it could not be served.
    """
    from dgvae.ui.requests.limits import bound_headers, limits
    from dgvae.ui.theme import look

    bound_headers()
    try:
        page.launch(
            **where,
            **look(),
            footer_links=["api", "settings"],
            run_history=False,
            **limits(),
            prevent_thread_lock=True,
        )
    except OSError as error:
        why = str(error).partition(". You can specify")[0]  # an option of Gradio's own, which is none here
        raise UserError(f"The page could not be served ({why}); choose another {choose}.") from None
