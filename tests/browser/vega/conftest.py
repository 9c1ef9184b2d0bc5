"""The page with charts, served for the tests of this folder."""

from collections.abc import Iterator

import pytest

from dgvae.ui.theme import look
from dgvae.ui.vega.chart import script_route, vega_bundle
from tests.browser.vega.charts import build
from tests.running import served


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    vega_bundle()
    with served(build(), **look(), app_kwargs={"routes": [script_route()]}, _frontend=False) as address:
        yield address


@pytest.fixture
def page(fresh_page):
    """For each test one that has not been anywhere."""
    return fresh_page
