"""How fast the page comes to visitors who logged in, alone and 40 at once.

    python -m tests.benchmarks.login

Prints one line, and notes both numbers.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx2

from tests.benchmarks.results import record
from tests.running import running_app

ROOT = Path(__file__).parents[2]
USERS = ("ann", "ben")
AT_ONCE = 40
REPEATS = 10
WARM_UP = 20.0  # seconds in which the app computes what it shows first


async def measure(address: str) -> tuple[float, float]:
    """Seconds of one page, the median, and of AT_ONCE pages, the best of three."""
    visitors = [httpx2.AsyncClient(base_url=address, trust_env=False, timeout=120) for _ in USERS]
    for visitor, name in zip(visitors, USERS, strict=True):
        (await visitor.post("/login", data={"username": name, "password": "secret"})).raise_for_status()
        await visitor.get("/")
    alone, together = [], []
    for _ in range(REPEATS):
        begun = time.monotonic()
        await visitors[0].get("/")
        alone.append(time.monotonic() - begun)
    for _ in range(3):
        begun = time.monotonic()
        pages = await asyncio.gather(*(visitors[i % 2].get("/") for i in range(AT_ONCE)))
        together.append(time.monotonic() - begun)
        assert all(f'"username":"{USERS[i % 2]}"' in page.text for i, page in enumerate(pages))
    for visitor in visitors:
        await visitor.aclose()
    return median(alone), min(together)


def main() -> None:
    """Print both, and note them."""
    with tempfile.TemporaryDirectory() as folder:
        users = Path(folder) / "users"
        users.write_text("".join(f"{name}:secret\n" for name in USERS))
        options = ("--checkpoints", str(ROOT / "checkpoints"), "--auth", str(users))
        with running_app(Path(folder), *options) as app:
            time.sleep(WARM_UP)
            alone, together = asyncio.run(measure(app.address))
    print(f"the page after a login: {1000 * alone:.0f} ms; {AT_ONCE} at once {together:.2f} s")
    record("login", "the page after a login, median", 1000 * alone, "ms")
    record("login", f"the page after a login, {AT_ONCE} at once", together, "s")


if __name__ == "__main__":
    main()
