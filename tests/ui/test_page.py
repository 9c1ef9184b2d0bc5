"""How the page's events are wired."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from dgvae.ui.page import build_page
from dgvae.ui.shelf import Shelf


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the browser gets."""
    return dict(build_page(Shelf(tmp_path_factory.mktemp("none"))).get_config_file())


@pytest.fixture(scope="module")
def handlers(config: dict[str, Any]) -> dict[tuple[int, str], list[dict[str, Any]]]:
    """By component and event."""
    found = defaultdict(list)
    for handler in config["dependencies"]:
        for component, event in handler["targets"]:
            if event not in ("load", "then"):
                found[component, event].append(handler)
    assert len(found) > 50
    return found


def test_an_event_has_one_handler_that_may_be_put_off(handlers: dict[tuple[int, str], list[dict[str, Any]]]) -> None:
    """Gradio begins the whole event anew after one was put off: two such handlers can begin each other for ever."""
    put_off = {
        event: sum(h["backend_fn"] and h["trigger_mode"] == "always_last" for h in of_it) for event, of_it in handlers.items()
    }
    assert {event for event, count in put_off.items() if count > 1} == set()


def test_no_handler_waits_for_one_that_shows_progress(handlers: dict[tuple[int, str], list[dict[str, Any]]]) -> None:
    """Gradio runs the handlers of an event one after the other."""
    for event, of_it in handlers.items():
        assert not any(handler["types"]["generator"] for handler in of_it[:-1]), event


def test_progress_is_told_to_few_components(config: dict[str, Any]) -> None:
    """At each event, Gradio's page copies every component that was ever told of progress, and all that is in it."""
    told = set()
    for handler in config["dependencies"]:
        if handler["backend_fn"]:
            told |= set(handler["outputs"] if handler["show_progress_on"] is None else handler["show_progress_on"])
    types = {component["id"]: component["type"] for component in config["components"]}
    assert not {types[each] for each in told} & {"tabs", "tabitem", "row", "column", "group", "accordion", "form", "sidebar"}
    assert len(told) < len(types) / 5


def test_an_event_that_may_be_put_off_is_sent_with_what_it_says(config: dict[str, Any]) -> None:
    """Gradio sends the data of an earlier event with one that was put off, unless the script tells it by way of newest.js."""
    scripts = {component["id"]: component["props"].get("js_on_load") or "" for component in config["components"]}
    own = [component for component in config["components"] if component["props"].get("js_on_load")]
    assert len(own) > 10
    told = 0
    for handler in config["dependencies"]:
        for component, event in handler["targets"]:
            if f'("{event}", ' in scripts.get(component, "") and handler["trigger_mode"] != "multiple":
                told += 1
                assert handler["trigger_mode"] == "always_last", event
                assert f'tell("{event}", ' in scripts[component]
                assert f'trigger("{event}", ' not in scripts[component]
    assert told > 10
