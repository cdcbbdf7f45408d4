"""What another user of the machine, or a web page in a browser on it, gets from the ports and sockets of the family."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from app.embedded import servers
from app.embedded.object_store import signing
from app.embedded.object_store.s3_port import SocketConnection
from app.embedded.processes import network_namespace
from app.embedded.servers import Servers
from tests.embedded.test_up import ROOT, Up, until
from tests.support.embedded import clients, processes

KNOCK = Path(__file__).parents[1].joinpath("support", "embedded", "knock.py").read_text()
NOBODY = 65_534
TLS_REFUSAL = "Client sent an HTTP request to an HTTPS server"


@dataclass(frozen=True)
class Answer:
    family: str
    address: int | str
    question: str
    text: str

    @property
    def status(self) -> int:
        match = re.match(r"HTTP/1\.[01] (\d{3})", self.text)
        return int(match[1]) if match else 0


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Everything that ``up`` starts, by a user with the umask 0."""
    before = os.umask(0)
    try:
        started = Up(tmp_path_factory.mktemp("family") / "data")
    finally:
        os.umask(before)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.popen.terminate()
        started.popen.communicate(timeout=20)


@pytest.fixture(params=["own network", "certificates"])
def running_servers(request, monkeypatch, tmp_path) -> Iterator[Servers]:
    """The servers, once as they are here and once as where the system allows no namespaces."""
    if request.param == "certificates":
        monkeypatch.setattr(network_namespace, "is_possible", lambda: False)
    started = servers.start(tmp_path / "data")
    yield started
    started.stop()


def test_no_port_of_the_family_answers_without_a_key(family):
    environment = settings(family)
    keep(environment)
    pids = {family.popen.pid, *processes.descendants(family.popen.pid)}
    until(lambda: len(listened(pids)) == 11 + 9)
    api, s3 = urlsplit(family.connection()["MODELYARD_URL"]).port, urlsplit(environment["MODELYARD_S3_URL"]).port

    addresses = listened(pids)
    answers = [answer for answer in knock(addresses) if answer.address != api]

    assert {("tcp", api), ("tcp", s3)} < set(addresses)
    assert [answer for answer in answers if not is_refusal(answer, s3)] == []
    assert {answer.address for answer in answers} == {s3}
    assert kept(environment) == b"precious"


def test_no_port_of_the_servers_answers_without_a_key(running_servers):
    keep(running_servers.environment)
    s3 = urlsplit(running_servers.environment["MODELYARD_S3_URL"]).port
    until(
        lambda: len(listened(running_servers.pids.values())) == 10 + 9
    )  # the store's last part starts after the S3 port is ready
    addresses = listened(running_servers.pids.values())

    answers = knock(addresses)

    assert {family for family, _ in addresses} == {"tcp", "unix"}
    assert [answer for answer in answers if not is_refusal(answer, s3)] == []
    assert 403 in {answer.status for answer in answers if answer.address == s3}
    assert kept(running_servers.environment) == b"precious"


def test_system_that_forbids_networks_is_noticed():
    """In a user namespace that allows no further ones; where there are none at all, nothing has to be forbidden."""
    forbid = "echo 0 > /proc/sys/user/max_net_namespaces; echo 0 > /proc/sys/user/max_user_namespaces;"
    program = "from app.embedded.processes.network_namespace import is_possible; print(is_possible())"
    ask = f"exec {sys.executable} -c '{program}'"
    wrapped = subprocess.run(["unshare", "-Ur", "true"], check=False, capture_output=True).returncode == 0
    command = ["unshare", "-Ur", "sh", "-c", forbid + ask] if wrapped else ["sh", "-c", ask]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def test_sockets_and_files_are_private_to_their_owner_whatever_the_umask(family):
    pids = {family.popen.pid, *processes.descendants(family.popen.pid)}
    until(lambda: len(listened(pids)) == 11 + 9)
    sockets = {Path(path) for pid in pids for path in processes.unix_sockets(pid)}
    files = {path for pattern in ("*", "log/*", "run/**/*", "s3/*") for path in family.data_dir.glob(pattern)}

    assert len(sockets) == 9
    assert [path for path in sockets | files | {family.data_dir} if stat.S_IMODE(path.lstat().st_mode) & 0o077] == []


def test_no_secret_of_the_family_is_on_a_command_line(family):
    state = json.loads((family.data_dir / "state.json").read_text())
    secrets = {value for value in state.values() if isinstance(value, str)} | {state["project"]["token"]}
    lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in processes.descendants(family.popen.pid)]

    assert len(lines) > 8
    assert [secret for secret in secrets for line in lines if secret in line] == []


def test_every_upload_is_synced_to_the_disk(running_servers):
    key = json.loads((running_servers.data_dir / "state.json").read_text())["jwt.filer_signing.read"]
    headers = {"Authorization": f"Bearer {signing.json_web_token(key)}"}
    with contextlib.closing(SocketConnection(running_servers.data_dir / "s3", "filer.sock")) as filer:
        filer.request("GET", "/etc/seaweedfs/filer.conf", headers=headers)
        rules = json.loads(filer.getresponse().read())["locations"]

    assert [(rule["locationPrefix"], rule["fsync"]) for rule in rules] == [("/buckets/", True)]


async def test_loopback_fallbacks_of_database_and_queue_want_their_password(only, tmp_path):
    deep = only(tmp_path / ("deep" * 25), "postgres", "redis")
    address = urlsplit(deep.environment["MODELYARD_DATABASE_OWNER_URL"])
    redis = urlsplit(deep.environment["MODELYARD_REDIS_URL"]).port

    answers = knock([("tcp", address.port), ("tcp", redis)])

    assert {answer.text.split(" ")[0] for answer in answers if answer.address == redis} <= {"-NOAUTH", "-ERR"}
    assert [answer for answer in answers if answer.address == address.port] == []
    for password in (None, "", "modelyard"):
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            await asyncpg.connect(
                host="127.0.0.1", port=address.port, user="modelyard", database="modelyard", password=password
            )


def listened(pids) -> list[tuple[str, int | str]]:
    """Every TCP port and unix socket on which one of the processes listens, in whatever network that is."""
    ports = {port for pid in pids for port in processes.tcp_ports(pid)}
    return [("tcp", port) for port in sorted(ports)] + [
        ("unix", path) for path in sorted({path for pid in pids for path in processes.unix_sockets(pid)})
    ]


def knock(addresses) -> list[Answer]:
    """What a user without keys gets: another user if root runs this, else this user, who may open its own sockets."""
    command = [sys.executable, "-c", KNOCK]
    if os.geteuid() == 0 and shutil.which("setpriv"):
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all"]
        command = [*user, "/usr/bin/python3", "-c", KNOCK]
    else:
        addresses = [address for address in addresses if address[0] == "tcp"]
    done = subprocess.run(command, input=json.dumps(addresses), capture_output=True, text=True, check=True, timeout=120)
    return [Answer(*address, question, text) for address, question, text in json.loads(done.stdout)]


def is_refusal(answer: Answer, s3: int) -> bool:
    """Whether an answer tells and does nothing: S3's refusals and its empty sign of life, or that TLS is wanted."""
    if answer.address == s3:
        alive = answer.question in {"GET /healthz", "GET /status"} and "Content-Length: 0" in answer.text
        return answer.status in {400, 403, 404, 405} or alive
    return answer.status == 400 and TLS_REFUSAL in answer.text


def settings(family: Up) -> dict[str, str]:
    lines = (family.data_dir / "server.env").read_text().splitlines()
    return dict(line.removeprefix("export ").split("=", 1) for line in lines)


def keep(environment) -> None:
    clients.store(environment).put_object(environment["MODELYARD_S3_BUCKET"], "kept", io.BytesIO(b"precious"), 8)


def kept(environment) -> bytes:
    with clients.store(environment).get_object(environment["MODELYARD_S3_BUCKET"], "kept") as answer:
        return answer.read()
