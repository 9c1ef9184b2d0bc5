"""What Gradio keeps of a page for each session, without describing all components anew for each visitor.

Gradio describes every component when a session's first event begins, and when a session leaves that had none. On a page of
264 blocks that takes 66 ms, in which nobody else is served. All sessions get the same until a handler changes a component.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.blocks import Block, BlocksConfig
from gradio.renderable import Renderable


class SharedConfig(BlocksConfig):
    """The blocks of a page or of a session: `default_config` of a page, which a session copies."""

    def __init__(self, root_block: gr.Blocks) -> None:
        super().__init__(root_block)
        self._described: dict[int, dict[str, Any]] = {}  # the page's own components, by id; one dict for all copies

    def __copy__(self) -> SharedConfig:
        copied = SharedConfig(self.root_block)
        vars(copied).update(vars(super().__copy__()) | {"_described": self._described})
        return copied

    def config_for_block(
        self, _id: int, rendered_ids: list[int], block: Block, renderable: Renderable | None = None
    ) -> dict[str, Any]:
        """Describe a component.

        Args:
            _id: of the component.
            rendered_ids: those that a `gr.render` made.
            block: the component.
            renderable: the `gr.render` that asks.

        Returns:
            What the browser is told of the component. A session may change it and its "props", and no other session sees that.
        """
        page = self.root_block.default_config
        if self is page or renderable or page.blocks.get(_id) is not block:
            return super().config_for_block(_id, rendered_ids, block, renderable)
        if _id not in self._described:
            self._described[_id] = super().config_for_block(_id, rendered_ids, block)
        described = self._described[_id]
        return {**described, "props": {**described["props"]}}
