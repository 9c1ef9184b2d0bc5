"""What programs that speak MCP get: JSON, where Gradio would write lists and objects as Python does."""

from __future__ import annotations

import json
from functools import wraps
from typing import Any


def take_json() -> None:
    """Have every answer written as JSON from now on. To be called where Gradio's MCP server can be imported."""
    from gradio.mcp import GradioMCPServer

    written = GradioMCPServer.postprocess_output_data
    if hasattr(written, "__wrapped__"):
        return

    @wraps(written)
    def as_json(self: Any, data: Any, root_url: str) -> Any:
        outputs = [json.dumps(each, ensure_ascii=False) if isinstance(each, list | dict) else each for each in data]
        return written(self, outputs, root_url)

    GradioMCPServer.postprocess_output_data = as_json
