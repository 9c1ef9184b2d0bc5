"""Visitors without a browser: clients that speak the page's own protocol."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import httpx2


class RefusedError(Exception):
    """The app did not do what was asked; the message is what it said."""


class Visitor:
    """One session with a running app."""

    def __init__(self, url: str, session: str) -> None:
        self._session = {"session_hash": session}
        self._client = httpx2.Client(base_url=url, timeout=60)
        config = self._client.get("/config").json()
        self._places = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
        self._first = {part["id"]: part["props"].get("value") for part in config["components"]}
        self._handlers = config["dependencies"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, trigger: str, event: str, output: str, data: list[Any], event_data: Any = None) -> Any:
        """What the handler of a component's event puts into `output`; components by their elem_id."""
        target, filled = [self._places[trigger], event], self._places[output]
        found = next(d for d in self._handlers if target in d["targets"] and filled in d["outputs"])
        return self._call(found, data, event_data, target[0])[found["outputs"].index(filled)]

    def draw(self, output: str, changed: Mapping[int, Any] | None = None) -> list[Any]:
        """What the page draws of the tab that holds `output`. changed: inputs, by number, that are not as at first."""
        found = self._drawing(output)
        data = [self._first[part] for part in found["inputs"]]
        for number, value in (changed or {}).items():
            data[number] = value
        return self._call(found, data)

    def prepare(self, output: str, models: list[str]) -> None:
        """What the page has done after a drawing of the tab that holds `output`, while nobody waits."""
        drawing = self._drawing(output)["id"]
        self._call(next(d for d in self._handlers if d["trigger_after"] == drawing), models)

    def _drawing(self, output: str) -> dict[str, Any]:
        filled = {self._places[output], self._places["code"]}
        return next(d for d in self._handlers if filled <= set(d["outputs"]))

    def _call(self, handler: dict[str, Any], data: list[Any], event_data: Any = None, trigger: int | None = None) -> list[Any]:
        body = {"fn_index": handler["id"], "trigger_id": trigger, "data": data, "event_data": event_data}
        joined = self._client.post("/gradio_api/queue/join", json=body | self._session)
        if joined.is_error:
            raise RefusedError(joined.json()["detail"])
        with self._client.stream("GET", "/gradio_api/queue/data", params=self._session) as answers:
            for line in answers.iter_lines():
                if line.startswith("data:") and (said := json.loads(line[5:]))["msg"] == "process_completed":
                    if not said["success"]:
                        raise RefusedError(said["output"].get("error") or "no reason")
                    return said["output"]["data"]
        raise RefusedError("the stream ended")


def at_once(count: int, visit: Callable[[int], None]) -> None:
    """Let so many visitors come within a second, and wait until all have left."""
    threads = [threading.Thread(target=visit, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
        time.sleep(1 / count)
    for thread in threads:
        thread.join()


def click_on_map(visitor: Visitor, point: int) -> float:
    """Seconds until a dot is read out."""
    begun = time.monotonic()
    given = ["short-yelp/ae", "short-yelp/mdg-vae", "euclidean"]
    text = visitor.ask("map-a", "pick", "map-readout", given, {"id": point, "x": 0, "y": 0})
    assert text.count("class='sentence'") == 2, text
    return time.monotonic() - begun
