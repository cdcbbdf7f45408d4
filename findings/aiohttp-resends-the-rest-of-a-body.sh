#!/usr/bin/env bash
# aiohttp 3.13 tries a PUT again by itself when its connection breaks, also when the body is a generator that has been sent
# in part: it sends only what the generator still has, under the Content-Length of the whole. The server waits for bytes that
# never come, until a timeout ends it. aiohttp 3.14 reports the broken connection at once. 3.13 is the last release for
# Python 3.9. `ClientSession._retry_connection = False` turns the repetition off.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat > "$folder/script.py" <<'PYTHON'
import asyncio
import platform
import sys
import time

import aiohttp
from aiohttp import web

SIZE, TIMEOUT = 8 * 1024 * 1024, 3.0
received = []


async def put(request):
    received.append(0)
    async for chunk in request.content.iter_any():
        received[-1] += len(chunk)
        if len(received) == 1 and received[-1] > SIZE // 4:
            request.transport.abort()
            break
    return web.Response()


async def body():
    for _ in range(8):
        yield bytes(SIZE // 8)


async def main(retries):
    application = web.Application()
    application.router.add_put("/", put)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    timeout = aiohttp.ClientTimeout(total=None, sock_read=TIMEOUT)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        if not retries:
            session._retry_connection = False
        began = time.monotonic()
        try:
            await session.put(url, data=body(), headers={"Content-Length": str(SIZE)})
            told = "no error"
        except aiohttp.ClientError as error:
            told = type(error).__name__
        hung = time.monotonic() - began >= TIMEOUT
    await runner.cleanup()
    repeats = " again with the rest" if len(received) > 1 else " once"
    print(f"Python {platform.python_version()}, aiohttp {aiohttp.__version__}, "
          f"retries {'on' if retries else 'off'}: {told} after {'the timeout' if hung else 'an instant'}, sent{repeats}")
    assert hung == (aiohttp.__version__.startswith("3.13.") and retries)
    assert not hung or received[1] < SIZE


asyncio.run(main(sys.argv[1] == "on"))
PYTHON
for version in 3.13.5 3.14.5; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/python" -m pip install -q --disable-pip-version-check "aiohttp==$version"
    for retries in on off; do
        "$folder/$version/bin/python" "$folder/script.py" "$retries" 2>/dev/null
    done
done
