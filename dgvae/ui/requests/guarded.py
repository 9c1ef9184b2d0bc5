"""GuardedBlocks: `gr.Blocks` whose handlers get checked values only, and whose visitors get a sentence if something is wrong.

Every request goes through three places, whatever its handler is: the gate (`Gate`), `preprocess_data` and `process_api`.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr
from fastapi.middleware import Middleware
from gradio.exceptions import ComponentProcessingError
from gradio_client.exceptions import AppError
from starlette.routing import BaseRoute

from dgvae.cancellation import cancelled_by
from dgvae.errors import UserError
from dgvae.ui.requests.fault_log import log, told
from dgvae.ui.requests.gate import Gate
from dgvae.ui.requests.kept_page import KeptPages
from dgvae.ui.requests.mcp import take_json
from dgvae.ui.requests.packed import PackedFiles
from dgvae.ui.requests.plain import plain
from dgvae.ui.requests.sessions import SharedConfig
from dgvae.ui.requests.turns import LEFT_SAID, wanted_here
from dgvae.ui.requests.values import checked_values

NOT_UNDERSTOOD = "The page sent a value that is not understood; reload the page."
WENT_WRONG = "Something went wrong. Reload the page; if it happens again, try something else."


class GuardedBlocks(gr.Blocks):
    """See the module."""

    routes: Sequence[BaseRoute] = ()  # that the page has besides Gradio's; to be set before `launch`

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default_config = SharedConfig(self)

    def launch(self, *args: Any, **kwargs: Any) -> Any:
        """As Gradio's. Behind the limits (see `limits`) there are the `Gate` and what is kept for all visitors."""
        app = {**(kwargs.pop("app_kwargs", None) or {})}
        ours = [Middleware(Gate, blocks=self), Middleware(KeptPages, blocks=self), Middleware(PackedFiles)]
        app["middleware"] = [*app.get("middleware", []), *ours]
        app["routes"] = [*app.get("routes", []), *self.routes]
        if kwargs.get("mcp_server"):
            take_json()
        # `_frontend`: no second look whether the page answers, which fails if that takes 3 s, as on a busy machine
        return super().launch(*args, **{"_frontend": False, **kwargs}, app_kwargs=app)

    async def preprocess_data(self, block_fn: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """As Gradio's, of values that the fields can hold."""
        return await super().preprocess_data(block_fn, checked_values(block_fn.fn, block_fn.inputs, inputs), *args, **kwargs)

    async def process_api(self, block_fn: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """As Gradio's. What is returned fits into JSON, and what is raised is one sentence for whoever asked."""
        try:
            with cancelled_by(_check_wanted):
                output = await super().process_api(block_fn, *args, **kwargs)
        except Exception as error:
            raise self._sentence(block_fn, error) from None
        output["data"] = plain(output["data"])
        return output

    def _sentence(self, block_fn: Any, error: Exception) -> gr.Error:
        if isinstance(error, UserError):
            said = str(error)
        else:
            log.warning("%s: %s", getattr(block_fn, "name", block_fn), told(error))
            said = NOT_UNDERSTOOD if isinstance(error, AppError | ComponentProcessingError) else WENT_WRONG
        for_page = getattr(block_fn, "api_visibility", "private") == "private"  # which shows it as HTML
        return gr.Error(plain(escape(said) if for_page else said), print_exception=False)


def _check_wanted() -> None:
    """Raise UserError, in a handler whose visitor has left."""
    if not wanted_here()():
        raise UserError(LEFT_SAID)
