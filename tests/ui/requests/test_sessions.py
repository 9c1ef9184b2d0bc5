"""What Gradio keeps of a page for each session: the same as without `SharedConfig`, but described once."""

from __future__ import annotations

import inspect
from collections import Counter
from copy import copy

import gradio as gr
import pytest
from gradio.blocks import BlocksConfig
from gradio.state_holder import SessionState

from dgvae.ui.requests.guarded import GuardedBlocks
from dgvae.ui.requests.sessions import SharedConfig


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


def test_a_session_begins_with_what_gradio_says_of_the_page(page: GuardedBlocks) -> None:
    theirs = {name: BlocksConfig.config_for_block(name, [], block) for name, block in page.blocks.items()}
    for _ in range(2):
        session = SessionState(page)
        assert session.config_values == theirs
        assert session.blocks_config.fns == page.fns
        assert session.blocks_config.blocks == page.blocks


def test_components_are_described_once_for_all_sessions(page: GuardedBlocks, monkeypatch: pytest.MonkeyPatch) -> None:
    described: Counter[int] = Counter()
    theirs = gr.Textbox.get_config

    def counted(block: gr.Textbox) -> dict:
        described[block._id] += 1
        return theirs(block)

    monkeypatch.setattr(gr.Textbox, "get_config", counted)
    for _ in range(20):
        SessionState(page)
    assert set(described.values()) == {1}


def test_what_one_session_changes_no_other_sees(page: GuardedBlocks) -> None:
    name = next(name for name, block in page.blocks.items() if isinstance(block, gr.Textbox))
    first, second = SessionState(page), SessionState(page)
    first._update_value_in_config(name, "mine")
    second[name] = gr.Textbox("other", label="New", render=False)
    second._update_config(name)
    assert first.config_values[name]["props"]["value"] == "mine"
    assert (second.config_values[name]["props"]["value"], second.config_values[name]["props"]["label"]) == ("other", "New")
    third = SessionState(page).config_values[name]["props"]
    assert (third["value"], third["label"]) == ("first", "Text")
    assert next(part for part in page.get_config_file()["components"] if part["id"] == name)["props"]["value"] == "first"
