"""What Gradio keeps of a page for each session: nothing of what components hold.

Gradio describes every component when a session's first event begins, which takes 66 ms on a page of 264 blocks, and writes into
the description whatever the component then shows: some megabytes of charts for each visitor, for as long as 500 later ones have
not come. It reads them for deep links alone, which this page does not have: its address names the view.
"""

from __future__ import annotations

from typing import Any

from gradio.blocks import Block, BlocksConfig
from gradio.renderable import Renderable


class SharedConfig(BlocksConfig):
    """The blocks of a page or of a session: `default_config` of a page, which a session copies."""

    def __copy__(self) -> SharedConfig:
        copied = SharedConfig(self.root_block)
        vars(copied).update(vars(super().__copy__()))
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
            What the browser is told of the component. Of a session's, nothing: without "props", Gradio keeps no value there.
        """
        if self is self.root_block.default_config or renderable:
            return super().config_for_block(_id, rendered_ids, block, renderable)
        return {}
