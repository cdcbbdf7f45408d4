"""Ask an address everything that a management port might answer; run as any user, needs nothing but an interpreter.

Reads ``[family, address]`` pairs as JSON from standard input (``tcp`` and a port of 127.0.0.1, or ``unix`` and a path;
an abstract name begins with a NUL) and writes ``[[family, address], question, answer]`` for every answer that came.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor

PATHS = (
    ("GET", "/"),
    ("GET", "/ui"),
    ("GET", "/ui/index.html"),
    ("GET", "/status"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/debug/pprof/"),
    ("GET", "/admin/"),
    ("GET", "/stats/counter"),
    ("GET", "/cluster/status"),
    ("GET", "/cluster/healthz"),
    ("GET", "/dir/status"),
    ("GET", "/dir/assign"),
    ("GET", "/dir/lookup?volumeId=1"),
    ("GET", "/vol/status"),
    ("POST", "/vol/grow?count=1"),
    ("POST", "/vol/vacuum?garbageThreshold=0.0001"),
    ("POST", "/submit"),
    ("GET", "/1,0123456789"),
    ("DELETE", "/1,0123456789"),
    ("GET", "/buckets/"),
    ("PUT", "/buckets/modelyard/forged"),
    ("DELETE", "/buckets/modelyard/?recursive=true"),
    ("GET", "/etc/seaweedfs/filer.conf"),
    ("POST", "/col/delete?collection=modelyard"),
    ("DELETE", "/modelyard"),
)
H2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
SECONDS = 2.0
THREADS = 64


def main() -> None:
    """All questions to all addresses."""
    questions_by_address = [(address, question) for address in json.load(sys.stdin) for question in questions()]
    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(lambda each: ask(*each[0], *each[1][1:]), questions_by_address))
    answered = zip(questions_by_address, answers, strict=True)
    json.dump([[address, question[0], answer] for (address, question), answer in answered if answer], sys.stdout)


def questions():
    """What is sent: a name, the bytes, and whether through TLS (without a certificate)."""
    for method, path in PATHS:
        sent = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        yield f"{method} {path}", sent, False
        yield f"TLS {method} {path}", sent, True
    yield "gRPC", H2, False
    yield "TLS gRPC", H2, True
    yield "Redis", b"PING\r\n", False


def ask(family: str, address: str | int, sent: bytes, tls: bool) -> str:
    """The beginning of the answer; empty if there is none."""
    kind = socket.AF_INET if family == "tcp" else socket.AF_UNIX
    where = ("127.0.0.1", address) if family == "tcp" else address
    answer = b""
    with contextlib.suppress(OSError), socket.socket(kind, socket.SOCK_STREAM) as plain:
        plain.settimeout(SECONDS)
        plain.connect(where)
        with secure(plain) if tls else plain as connection:
            connection.sendall(sent)
            while len(answer) < 120 and (more := connection.recv(1024)):
                answer += more
    return answer[:120].decode("latin-1")


def secure(plain: socket.socket) -> ssl.SSLSocket:
    """TLS that believes any server and shows no certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context.wrap_socket(plain)


if __name__ == "__main__":
    main()
