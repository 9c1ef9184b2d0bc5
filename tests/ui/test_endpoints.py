"""What programs may ask: over HTTP by gradio_client, and as MCP tools."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from dgvae.methods.table import METHODS
from dgvae.ui.endpoints import add_endpoints
from dgvae.ui.page import build_page
from dgvae.ui.requests.guarded import GuardedBlocks
from dgvae.ui.shelf import Shelf
from tests.awaited import awaited

DG, VMF, IMPLICIT = "short-yelp/dg-vae", "short-yelp/vmf-vae", "short-yelp/ivae-mi"
TEXT = "the cook likes green zebras ."
EXAMPLE = Path(__file__).parents[2] / "docs/client.py"
TOOLS = {"models", "encode", "decode", "sample", "interpolate", "holes", "clusters", "metrics"}


@pytest.fixture(scope="module")
def url(checkpoints: Path) -> Iterator[str]:
    with GuardedBlocks(analytics_enabled=False) as demo:
        add_endpoints(Shelf(checkpoints))
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    yield address
    demo.close()


@pytest.fixture(scope="module")
def client(url: str) -> Client:
    return Client(url, verbose=False)


def ask(client: Client, endpoint: str, *values: Any, **named: Any) -> Any:
    return client.predict(*values, api_name=f"/{endpoint}", **named)


def test_what_is_encoded_is_decoded_again(client: Client):
    encoded = ask(client, "encode", DG, [TEXT, "our dog never eats cold bread !"])
    assert encoded[0]["unknown_words"] == ["zebras"]
    assert "unread_words" not in encoded[0]
    long = ask(client, "encode", DG, ["the cook " * 30 + "zebras"])[0]
    assert long["unknown_words"] == []
    assert long["unread_words"][-1] == "zebras"
    assert len(encoded[0]["mean"]) == len(encoded[0]["log_variance"]) == 4
    assert encoded[0]["kl"] > 0
    texts = ask(client, "decode", DG, [found["mean"] for found in encoded])
    path = ask(client, "interpolate", DG, TEXT, "our dog never eats cold bread !", 3)
    assert [path[0]["text"], path[-1]["text"]] == texts
    assert [step.get("unknown_words") for step in path] == [["zebras"], None, []]
    assert ask(client, "interpolate", DG, "our dog", "the cook " * 30 + "zebras", 3)[-1]["unread_words"][-1] == "zebras"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_encodes_and_samples(client: Client, method: str):
    encoded = ask(client, "encode", f"short-yelp/{method}", [TEXT])[0]
    assert len(encoded["mean"]) == 4
    assert (encoded["kl"] is None) == (method == "ivae-mi")
    drawn = ask(client, "sample", f"short-yelp/{method}", 3, 1, 1.0, 0.9)
    assert drawn == ask(client, "sample", f"short-yelp/{method}", 3, 1, 1.0, 0.9)
    for sample in drawn:
        assert (sample["density_gap"] is None) == (method == "ivae-mi")
        assert math.isclose(math.hypot(*sample["latent"]), 1, abs_tol=1e-3) == ("vmf" in method)


def test_holes_paths_and_figures(client: Client):
    holes = ask(client, "holes", DG, 3)
    shares = [hole["share_of_prior"] for hole in holes]
    assert shares == sorted(shares, reverse=True)
    assert ask(client, "decode", DG, [holes[0]["latent"]]) == [holes[0]["text"]]
    assert len(ask(client, "interpolate", VMF, TEXT, "our dog", 5, "dense")) == 5
    figures = ask(client, "metrics", IMPLICIT)
    assert figures["figures"]["reconstruction"]["value"] < 0
    assert "no density" in figures["absent"]["mi"]
    assert {model["name"] for model in ask(client, "models")} == {f"short-yelp/{method}" for method in METHODS}


def test_clusters_are_named_and_have_the_maps_sentences(client: Client):
    found = ask(client, "clusters", "short-yelp/ae")
    assert found
    sizes = [len(cluster["sentences"]) for cluster in found]
    assert sizes == sorted(sizes, reverse=True)
    numbers = [number for cluster in found for number in cluster["sentences"]]
    assert len(numbers) == len({*numbers})
    for cluster in found:
        assert cluster["name"] == ", ".join(cluster["words"])
        assert cluster["share"] == len(cluster["sentences"]) / 60
        assert len(cluster["place"]) == 2


WRONG: list[tuple[str, str, *tuple[Any, ...]]] = [
    ("There is no model 'nobody'; there are: short-yelp/", "sample", "nobody"),
    ("count must lie between 1 and 256, not 257.", "sample", DG, 257),
    ("count must be a whole number, not True.", "sample", DG, True),
    ("seed must be a whole number, not 1.5.", "sample", DG, 1, 1.5),
    ("seed must be a whole number, not 1e+300.", "sample", DG, 1, 1e300),
    ("Temperature must lie between 0 (greedy) and 10, not 11.", "sample", DG, 1, 1, 11),
    ("temperature and top_p must be numbers.", "sample", DG, 1, 1, "hot"),
    ("Top-p must lie above 0 and be at most 1, not 0.", "decode", DG, [[0, 0, 0, 0]], 1, 0),
    ("There is no model 'True'", "sample", True),
    ("There is no model 'nobody'", "clusters", "nobody"),
    ("There is no model \"['vae']\"", "metrics", ["vae"]),
    ("count must be a whole number, not '3'.", "sample", DG, "3"),
    ("steps must be a whole number, not [3].", "interpolate", DG, TEXT, TEXT, [3]),
    ("temperature and top_p must be numbers.", "sample", DG, 1, 1, True),
    ("temperature and top_p must be numbers.", "decode", DG, [[0, 0, 0, 0]], 1, [0.5]),
    ("Every sentence must be a string.", "interpolate", DG, True, TEXT),
    ("Choose a path: linear, spherical or dense.", "interpolate", DG, TEXT, TEXT, 3, True),
    ("Send a list of 1 to 64 sentences.", "encode", DG, TEXT),
    ("Send a list of 1 to 64 sentences.", "encode", DG, {"text": TEXT}),
    ("Send a list of 1 to 256 latents.", "decode", DG, "[[0, 0, 0, 0]]"),
    ("Every latent must be a list of 4 finite numbers.", "decode", DG, [0, 0, 0, 0]),
    ("Every latent must be a list of 4 finite numbers.", "decode", DG, [[True, 0, 0, 0]]),
    ("Send a list of 1 to 64 sentences.", "encode", DG, []),
    ("Send a list of 1 to 64 sentences.", "encode", DG, [TEXT] * 65),
    ("Every sentence must be a string.", "encode", DG, [1]),
    ("Every sentence must be a string.", "interpolate", DG, TEXT, None),
    ("A sentence may have 2,000 characters at most, not 2,001.", "encode", DG, ["x" * 2001]),
    ("Write a sentence.", "interpolate", DG, "", TEXT),
    ("Choose a path: linear, spherical or dense.", "interpolate", DG, TEXT, TEXT, 3, ["zigzag"]),
    ("Send a list of 1 to 256 latents.", "decode", DG, [[0, 0, 0, 0]] * 257),
    ("Every latent must be a list of 4 finite numbers.", "decode", DG, [[1, 2, 3]]),
    ("Every latent must be a list of 4 finite numbers.", "decode", DG, [[1, 2, 3, "4"]]),
    ("iVAE-MI has no density to find holes with", "holes", IMPLICIT),
    ("count must lie between 1 and 20, not 0.", "holes", DG, 0),
]


@pytest.mark.parametrize(("sentence", "endpoint", "values"), [(said, name, values) for said, name, *values in WRONG])
def test_a_wrong_request_gets_one_sentence(client: Client, sentence: str, endpoint: str, values: list[Any]):
    with pytest.raises(AppError) as caught:
        ask(client, endpoint, *values)
    assert sentence in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_latents_are_decoded_where_the_prior_is(client: Client):
    latent = ask(client, "sample", VMF, 1)[0]["latent"]
    assert ask(client, "decode", VMF, [latent]) == ask(client, "decode", VMF, [[7 * x for x in latent]])


def test_ten_programs_at_once_get_what_each_gets_alone(client: Client):
    alone = [ask(client, "sample", DG, 4, seed, 1.0) for seed in range(10)]
    jobs = [client.submit(DG, 4, seed, 1.0, api_name="/sample") for seed in range(10)]
    assert [job.result() for job in jobs] == alone


def test_the_example_runs(url: str):
    run = subprocess.run([sys.executable, EXAMPLE, url], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) == 2 * (1 + 3)


def test_mcp_clients_find_these_tools_and_no_handler_of_the_page(checkpoints: Path):
    if os.environ.get("CI") != "true":
        pytest.importorskip("mcp")
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    demo = build_page(Shelf(checkpoints))
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", mcp_server=True)

    async def talk() -> tuple[set[str], Any]:
        async with (
            streamable_http_client(f"{address}gradio_api/mcp/") as (reads, writes, _),
            ClientSession(reads, writes) as session,
        ):
            await session.initialize()
            tools = {tool.name for tool in (await session.list_tools()).tools}
            return tools, await session.call_tool(next(t for t in tools if "sample" in t), {"model": DG, "count": 2})

    try:
        tools, answer = awaited(talk())
    finally:
        demo.close()
    assert {tool.split("_")[-1] for tool in tools} == TOOLS
    assert [set(sample) for sample in json.loads(answer.content[0].text)] == 2 * [{"text", "density_gap", "latent"}]
