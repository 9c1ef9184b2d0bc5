"""What Gradio keeps of a page for each session: the page's blocks and handlers, and nothing of what they show."""

from __future__ import annotations

import inspect
from copy import copy

import gradio as gr
import pytest
from gradio.blocks import BlocksConfig
from gradio.state_holder import SessionState

from dgvae.ui.requests.guarded import GuardedBlocks
from dgvae.ui.requests.sessions import SharedConfig
from tests.awaited import awaited


@pytest.fixture
def page() -> GuardedBlocks:
    with GuardedBlocks(analytics_enabled=False) as page, gr.Row():
        gr.Textbox("first", label="Text")
        gr.Dropdown(["a", "b"], value="a")
        gr.State([1])
    return page


def test_gradio_has_what_sessions_build_on(page: GuardedBlocks) -> None:
    assert isinstance(copy(page.default_config), SharedConfig)
    assert isinstance(SessionState(page).blocks_config, SharedConfig), "a session copies its page's default_config"
    parameters = inspect.signature(BlocksConfig.config_for_block).parameters
    assert [*parameters] == ["_id", "rendered_ids", "block", "renderable"]


def test_a_session_begins_with_the_pages_blocks_and_handlers(page: GuardedBlocks) -> None:
    for _ in range(2):
        session = SessionState(page)
        assert session.blocks_config.fns == page.fns
        assert session.blocks_config.blocks == page.blocks


def test_what_one_session_changes_no_other_sees(page: GuardedBlocks) -> None:
    name = next(name for name, block in page.blocks.items() if isinstance(block, gr.Textbox))
    first, second = SessionState(page), SessionState(page)
    second[name] = gr.Textbox("other", label="New", render=False)
    second._update_config(name)
    assert (first[name].label, second[name].label, SessionState(page)[name].label) == ("Text", "New", "Text")
    assert next(part for part in page.get_config_file()["components"] if part["id"] == name)["props"]["value"] == "first"


def test_a_session_keeps_nothing_of_what_it_was_sent() -> None:
    with GuardedBlocks(analytics_enabled=False) as page:
        text, chart, label = gr.Textbox(), gr.HTML(), gr.Dropdown(["a"])
        text.change(lambda said: (f"<p>{said}</p>", gr.update(choices=[said], value=said)), text, [chart, label])
    session, (handler,) = SessionState(page), page.fns.values()
    sent = awaited(page.process_api(handler, ["a long answer"], state=session))
    assert "a long answer" in sent["data"][0]
    assert session[label._id].choices == [("a long answer", "a long answer")], "what a field accepts is known"
    assert "a long answer" not in repr(session.config_values)
