from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from app.embedded.errors import AlreadyRunning, EmbeddedError, ServerFailed
from app.embedded.object_store.certificate import make as make_certificate
from app.embedded.processes import network_namespace
from app.embedded.servers import NAMES, Servers
from app.settings import Settings
from tests.support.embedded import clients, processes

ROOT = Path(__file__).resolve().parents[2]
ORDINARY = 65_534


def test_environment_is_complete(running, monkeypatch):
    for name in [name for name in os.environ if name.startswith("MODELYARD_")]:
        monkeypatch.delenv(name)
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)

    settings = Settings.read()

    assert settings.s3_bucket == "modelyard"
    assert len(settings.secret_key.get_secret_value()) == 64


def test_second_start_is_refused_and_names_the_owner(running):
    with pytest.raises(AlreadyRunning, match=rf"already running as PID {os.getpid()}\b"):
        Servers(running.data_dir)


@pytest.mark.parametrize("name", NAMES)
async def test_killed_server_comes_back_with_its_data(running, name):
    await clients.write(running.environment, name, "precious")
    before = dict(running.environment), running.pids[name]

    os.kill(running.pids[name], signal.SIGKILL)
    running.restart(name)

    assert running.environment == before[0]
    assert running.pids[name] != before[1]
    assert await clients.read(running.environment, name) == "precious"


async def test_postgres_sorts_and_lowers_alike_everywhere_and_never_loses_a_commit(running):
    connection = await clients.asyncpg.connect(running.environment["MODELYARD_DATABASE_OWNER_URL"])
    shown = {name: await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit", "timezone")}
    lowered = await connection.fetchval("SELECT lower('ÄÖ')")
    words = await connection.fetch("SELECT w FROM unnest(array['b', 'B', 'a', 'Ä']) w ORDER BY w")
    await connection.close()

    assert shown == {"fsync": "on", "synchronous_commit": "on", "timezone": "UTC"}
    assert lowered == "äö"
    assert [row["w"] for row in words] == ["B", "a", "b", "Ä"]


async def test_redis_keeps_what_it_has_instead_of_evicting(running):
    async with clients.Redis.from_url(running.environment["MODELYARD_REDIS_URL"]) as redis:
        shown = await redis.config_get("*")

    assert shown["maxmemory-policy"] == "noeviction"
    assert shown["appendonly"] == "yes"
    assert shown["appendfsync"] == "everysec"


def test_every_port_is_on_loopback(running):
    addresses = {address for pid in running.pids.values() for address in processes.listening_addresses(pid)}

    assert addresses == {"127.0.0.1"}


def test_directory_is_private(running):
    secrets = {path.name: stat.S_IMODE(path.stat().st_mode) for path in running.data_dir.iterdir()}

    assert stat.S_IMODE(running.data_dir.stat().st_mode) == 0o700
    assert {name: mode for name, mode in secrets.items() if mode & 0o077} == {}
    assert secrets["state.json"] == 0o600


def test_no_password_is_visible_to_other_users(running):
    state = json.loads((running.data_dir / "state.json").read_text())
    secrets = [value for value in state.values() if isinstance(value, str)]
    command_lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in running.pids.values()]

    assert len(secrets) >= 7
    assert [secret for secret in secrets for line in command_lines if secret in line] == []


def test_taken_port_is_replaced_and_the_data_stays(only, data_dir):
    first = only(data_dir, "s3")
    clients.store(first.environment).put_object("modelyard", "kept", clients.io.BytesIO(b"precious"), 8)
    taken = urlsplit(first.environment["MODELYARD_S3_URL"]).port
    first.stop()
    assert list(Path("/tmp").glob(f"seaweedfs-*-{taken}.sock")) == []

    with socket.create_server(("127.0.0.1", taken)):
        second = only(data_dir, "s3")
        with clients.store(second.environment).get_object("modelyard", "kept") as answer:
            assert answer.read() == b"precious"

    assert urlsplit(second.environment["MODELYARD_S3_URL"]).port != taken


@pytest.mark.parametrize("kind", ["own network", "certificates"])
def test_store_of_an_earlier_release_keeps_its_objects(only, data_dir, monkeypatch, kind):
    """It had neither certificate nor sockets of its own, and listened on the loopback of all."""
    monkeypatch.setattr(network_namespace, "is_possible", lambda: kind == "certificates")
    old = only(data_dir, "s3")
    clients.store(old.environment).put_object("modelyard", "kept", clients.io.BytesIO(b"precious"), 8)
    address = old.environment["MODELYARD_S3_URL"]
    old.stop()
    for name in ("inner.pem", "s3.sock", "filer.sock", "security.toml"):
        (data_dir / "s3" / name).unlink(missing_ok=True)

    monkeypatch.setattr(network_namespace, "is_possible", lambda: kind == "own network")
    new = only(data_dir, "s3")

    assert new.environment["MODELYARD_S3_URL"] == address
    with clients.store(new.environment).get_object("modelyard", "kept") as answer:
        assert answer.read() == b"precious"


def test_store_may_be_moved_and_a_broken_certificate_is_replaced(only, data_dir, tmp_path):
    first = only(data_dir, "s3")
    clients.store(first.environment).put_object("modelyard", "kept", clients.io.BytesIO(b"precious"), 8)
    first.stop()
    certificate = (data_dir / "s3" / "inner.pem").read_text()
    moved = data_dir.rename(tmp_path / ("moved" * 30))
    (moved / "s3" / "inner.pem").write_text(certificate[:300])

    second = only(moved, "s3")

    assert second.environment.get("MODELYARD_S3_SOCKET") is None, "the path is too long for a socket's name"
    made = (moved / "s3" / "inner.pem").read_text()
    assert made.startswith("-----BEGIN PRIVATE KEY-----")
    assert made != certificate
    with clients.store(second.environment).get_object("modelyard", "kept") as answer:
        assert answer.read() == b"precious"


def test_certificate_lasts_and_is_good_for_nothing_else():
    certificate = x509.load_pem_x509_certificate(make_certificate())

    assert certificate.not_valid_before_utc.year == 2000
    assert certificate.not_valid_after_utc.year == 9999
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    certificate.verify_directly_issued_by(certificate)


def test_killed_port_and_killed_store_come_back_on_their_own(only, data_dir):
    running = only(data_dir, "s3")
    clients.store(running.environment).put_object("modelyard", "kept", clients.io.BytesIO(b"precious"), 8)
    for name in sorted(running.pids):
        os.kill(running.pids[name], signal.SIGKILL)
        running.restart(name)
        with clients.store(running.environment).get_object("modelyard", "kept") as answer:
            assert answer.read() == b"precious"


async def test_long_path_falls_back_to_loopback(only, tmp_path):
    deep = only(tmp_path / ("deep" * 25), "postgres", "redis")

    assert urlsplit(deep.environment["MODELYARD_DATABASE_OWNER_URL"]).hostname == "127.0.0.1"
    assert urlsplit(deep.environment["MODELYARD_REDIS_URL"]).hostname == "127.0.0.1"
    for name in ("postgres", "redis"):
        await clients.write(deep.environment, name, "precious")
        assert await clients.read(deep.environment, name) == "precious"
    assert processes.listening_addresses(deep.pids["postgres"]) == {"127.0.0.1"}


def test_broken_server_is_reported_with_its_log(only, data_dir):
    only(data_dir, "redis").stop()
    manifest = data_dir / "redis" / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("nonsense")

    with pytest.raises(ServerFailed, match=r"(?s)redis ended with 1.*manifest"):
        only(data_dir, "redis")


def test_missing_program_is_reported_with_both_ways_out(data_dir, monkeypatch):
    monkeypatch.setenv("MODELYARD_WEED", "/nowhere/weed")

    with pytest.raises(EmbeddedError, match=r"not found at /nowhere/weed.*MODELYARD_WEED.*MODELYARD_S3_URL"):
        Servers(data_dir)
    Servers(data_dir, ["redis"]).stop()


def as_ordinary_user(*command: str) -> list[str]:
    return ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups", "--inh-caps=-all", *command]


def reachable_python() -> str:
    """An interpreter that an ordinary user may run; the one of this environment may lie in root's home."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("changing the user needs root and setpriv")
    for candidate in (sys.executable, "/usr/bin/python3"):
        # Through a shell, because the first program is still looked up with root's rights.
        inner = f"{candidate} -c 'import sys; assert sys.version_info >= (3, 11)'"
        tried = subprocess.run(as_ordinary_user("sh", "-c", inner), check=False, capture_output=True)
        if tried.returncode == 0:
            return candidate
    pytest.skip("no interpreter within an ordinary user's reach")


def test_ordinary_user_needs_nothing_special():
    python = reachable_python()
    home = Path(tempfile.mkdtemp(prefix="modelyard-"))
    os.chown(home, ORDINARY, ORDINARY)
    script = (
        "import os, sys; from pathlib import Path; from app.embedded import servers;"
        "s = servers.start(Path(sys.argv[1])); print(os.geteuid(), sorted({*s.pids} - {'s3-port'})); print(s.stop())"
    )
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(home),
    }
    try:
        done = subprocess.run(
            as_ordinary_user(python, "-c", script, str(home / "data")),
            cwd=home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        shutil.rmtree(home)

    assert done.stdout.splitlines() == [f"{ORDINARY} ['postgres', 'redis', 's3']", "[]"], done.stderr
