"""Machines that people have: no home, settings that make no sense; commands as processes, as nobody where this is root."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from app import main as app
from app import read_users, say_network_fault
from dgvae.environment import check_network, choose_cache, direct_requests
from dgvae.errors import UserError
from tests.conftest import SMALL, made_up_lines
from tests.running import free_port

ROOT = Path(__file__).parent.parent
NOBODY = 54321  # a user id without a name
# A process without a name, a home and the rights of root; it may read everything, since Python may lie in root's home.
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
AS_NOBODY += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]

CACHED = """
from dgvae.environment import choose_cache
choose_cache()
import numba, sys
sys.path.insert(0, sys.argv[1])
import compiled
print(compiled.double(21))
"""


@pytest.fixture
def nobody() -> list[str]:
    """What comes before a command that is run as nobody."""
    can = (
        os.geteuid() == 0
        and shutil.which("setpriv")
        and subprocess.run([*AS_NOBODY, "true"], capture_output=True).returncode == 0
    )
    if not can:
        pytest.skip("a process of another user needs root, setpriv and ambient capabilities")
    return AS_NOBODY


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that nobody can reach and write."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    place = tmp_path / "place"
    place.mkdir()
    os.chown(place, NOBODY, NOBODY)
    return place


def environment(**more: str) -> dict[str, str]:
    """Nothing but the path: no home, no language."""
    return {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", **more}


def test_training_needs_no_home_and_no_user(nobody: list[str], place: Path) -> None:
    """The text is prepared in a cache, which is found again; the console knows no σ."""
    text = place / "text.txt"
    text.write_text("".join(line.split("\t")[1] + "\n" for line in made_up_lines(100, seed=5)))
    command = [sys.executable, "-m", "train.fit", "--train-file", str(text), "--epochs", "1", *SMALL, "--map-points", "0"]
    for out in ("one", "two"):
        process = subprocess.run(
            [*nobody, *command, "--out", str(place / out)], cwd=ROOT, capture_output=True, text=True,
            env=environment(TMPDIR=str(place), PYTHONIOENCODING="iso-8859-7"),
        )  # fmt: skip
        assert process.returncode == 0, process.stderr
        assert f"caches are kept in {place}/dgvae-cache-{NOBODY}" in process.stderr
        assert len(list(place.glob(f"dgvae-cache-{NOBODY}/**/train.txt"))) == 1
        assert (place / out / "latents.safetensors").is_file()


def test_compiled_code_is_cached_where_one_may_write(nobody: list[str], place: Path) -> None:
    """As UMAP's is: numba raises as a function is defined if no folder can be written."""
    (place / "compiled.py").write_text("import numba\n@numba.njit(cache=True)\ndef double(x):\n    return 2 * x\n")
    os.chown(place, 0, 0)
    temporary = place.parent / "temporary"
    temporary.mkdir()
    os.chown(temporary, NOBODY, NOBODY)
    process = subprocess.run(
        [*nobody, sys.executable, "-c", CACHED, str(place)], cwd=ROOT, env=environment(TMPDIR=str(temporary)),
        capture_output=True, text=True,
    )  # fmt: skip
    assert process.stdout == "42\n", process.stderr


def test_a_cache_folder_of_another_user_is_not_trusted(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "cache"))
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"dgvae-cache-{os.getuid()}").mkdir()
    (tmp_path / f"dgvae-cache-{os.getuid()}").chmod(0o777)
    choose_cache()
    assert Path(os.environ["XDG_CACHE_HOME"]).parent == tmp_path
    assert stat.S_IMODE(Path(os.environ["XDG_CACHE_HOME"]).stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SSL_CERT_DIR", "/nowhere", "SSL_CERT_DIR names /nowhere, which does not exist"),
        ("HTTPS_PROXY", "gopher://127.0.0.1", "HTTPS_PROXY begins with gopher://"),
        ("HTTPS_PROXY", "http://proxy:number", "HTTPS_PROXY is no address of a proxy, such as http://host:3128"),
        ("all_proxy", "socks5h://127.0.0.1:9", "ALL_PROXY is a SOCKS proxy, which needs a package: pip install socksio"),
    ],
)
def test_what_the_network_can_not_work_with_is_named(name: str, value: str, said: str, monkeypatch) -> None:
    monkeypatch.setattr("dgvae.environment.find_spec", lambda _: None)
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=said):
        check_network()
    with direct_requests():
        httpx2.Client(trust_env=True).close()
    assert os.environ[name] == value
    assert "no_proxy" not in os.environ


def test_the_app_says_at_its_start_that_the_hub_is_out_of_reach(monkeypatch, capsys) -> None:
    monkeypatch.setattr("dgvae.environment.find_spec", lambda _: None)
    say_network_fault()
    assert not capsys.readouterr().out
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    say_network_fault()
    said = "No model can be fetched from the Hub: ALL_PROXY is a SOCKS proxy, which needs a package: pip install socksio\n"
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GRADIO_NUM_PORTS", "many", "GRADIO_NUM_PORTS must be a whole number, not 'many'"),
        ("GRADIO_DEFAULT_CONCURRENCY_LIMIT", "x", "GRADIO_DEFAULT_CONCURRENCY_LIMIT must be none or a number from 1, not 'x'"),
        ("GRADIO_SERVER_PORT", "65536", "GRADIO_SERVER_PORT must be a number from 1 to 65535, not '65536'"),
        ("GRADIO_TEMP_DIR", "/dev/null/x", "GRADIO_TEMP_DIR names /dev/null/x, which can't be written"),
        (
            "GRADIO_WATCH_DIRS",
            "/",
            "GRADIO_WATCH_DIRS has the app start anew when files change, for who develops a page; unset it.",
        ),
        (
            "GRADIO_ALLOWED_PATHS",
            "/",
            "GRADIO_ALLOWED_PATHS gives visitors the files that it names, and the page needs none; unset it.",
        ),
        ("GRADIO_SERVER_NAME", "192.0.2.1", "This machine has no address 192.0.2.1"),
    ],
)
def test_what_gradio_can_not_take_from_the_environment_is_one_sentence(name: str, value: str, said: str, monkeypatch, capsys):
    monkeypatch.setenv(name, value)
    assert app([]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"app: {said}")
    assert error.count("\n") == 1


@pytest.mark.parametrize("content", ["", "name", "name:", b"\xff\xfe"])
def test_a_file_of_users_that_is_none(content: str | bytes, tmp_path: Path, capsys) -> None:
    (tmp_path / "users").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert app(["--auth", str(tmp_path / "users")]) == 2
    assert "the file of --auth" in capsys.readouterr().err
    for content, said in (("dave: pw", "a blank before or after the password of dave"), ("a:1\na:2", "two passwords for a")):
        (tmp_path / "users").write_text(content)
        assert app(["--auth", str(tmp_path / "users")]) == 2
        assert said in capsys.readouterr().err
    (tmp_path / "users").write_bytes("ann:é:1\r\nbob:pw".encode("utf-8-sig"))  # as Windows writes it
    assert read_users(tmp_path / "users") == [("ann", "é:1"), ("bob", "pw")]
    assert app(["--auth", str(tmp_path / "users"), "--mcp"]) == 2
    assert "--mcp and --auth do not go together" in capsys.readouterr().err


def test_the_app_works_whatever_the_network_is_said_to_be(tmp_path: Path) -> None:
    """Behind dead proxies, with certificates that are not there, below a path, with users; Ctrl-C ends it."""
    (tmp_path / "users").write_text("ann:secret:word\n")
    port = str(free_port())
    hostile = environment(
        HTTP_PROXY="http://127.0.0.1:9", ALL_PROXY="socks5h://127.0.0.1:9", SSL_CERT_FILE="/nowhere/certificates.pem",
        TMPDIR="/nowhere", PYTHONIOENCODING="ascii", XDG_CACHE_HOME=str(tmp_path),
    )  # fmt: skip
    log = tmp_path / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py", "--port", port, "--auth", str(tmp_path / "users"), "--root-path", "/below/here/"],
            cwd=ROOT, env=hostile, stdout=output, stderr=subprocess.STDOUT,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as visitor:
            deadline = time.monotonic() + 120
            while "Running on local URL" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            assert visitor.get("/config").status_code == 401
            assert visitor.post("/login", data={"username": "ann", "password": "secret"}).status_code == 400
            visitor.post("/login", data={"username": "ann", "password": "secret:word"}).raise_for_status()
            assert visitor.get("/config").json()["root"].endswith("/below/here")
            assert visitor.get("/monitoring").status_code == 403
        process.send_signal(signal.SIGINT)
        process.wait(30)
    finally:
        process.kill()
    assert "Traceback" not in log.read_text()


ARENAS = """
import ctypes, sys, threading
from dgvae.environment import keep_memory_together
if sys.argv[1] == "few":
    assert keep_memory_together()
gate = threading.Barrier(9)
def work():
    small = [bytes(2_000) for _ in range(50)]
    gate.wait()
    gate.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
gate.wait()
libc = ctypes.CDLL(None)
libc.malloc_stats()
gate.wait()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_few_arenas() -> None:
    counts = {}
    for how in ("few", "many"):
        command = [sys.executable, "-c", ARENAS, how]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr
        counts[how] = said.count("Arena ")
    assert counts["few"] <= 2 < counts["many"]


GIVEN_BACK = """
import time
from pathlib import Path
from dgvae import environment

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

environment._GIVE_BACK = 0.05
assert environment.keep_memory_together()
small = [bytes(60_000) for _ in range(2_000)]
full, last = resident(), small[-1]
del small  # the last keeps the end of the arena in use
deadline = time.monotonic() + 60
while resident() > full - 60e6:
    assert time.monotonic() < deadline, (full, resident())
    time.sleep(0.05)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives memory back")
def test_what_is_free_is_given_back_while_the_app_runs() -> None:
    subprocess.run([sys.executable, "-c", GIVEN_BACK], cwd=ROOT, check=True, timeout=120)
