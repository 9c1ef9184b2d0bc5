"""The page with charts, served for the tests of this folder."""

from collections.abc import Iterator

import pytest

from dgvae.ui.theme import look
from dgvae.ui.vega.chart import script_route, vega_bundle
from tests.browser.vega.charts import build


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    vega_bundle()
    demo = build()
    served = {"routes": [script_route()]}
    _, address, _ = demo.launch(
        prevent_thread_lock=True, quiet=True, **look(), server_name="127.0.0.1", app_kwargs=served, _frontend=False
    )
    yield address
    demo.close()


@pytest.fixture
def page(fresh_page):
    """For each test one that has not been anywhere."""
    return fresh_page
