"""A serving process: loads what `stage:production` means now, says what it runs, and follows the stage from then on."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator

from modelyard_client import Client
from modelyard_client.failures import NotFound

MODEL = os.environ.get("MODEL", "digits")
EVENTS = """subscription Moves($project: String!) {
  projectEvents(project: {path: $project}, types: [MODEL_VERSION_STAGE_CHANGED]) { type }
}"""


def moves() -> Iterator[None]:
    """One for the beginning, and one for each event of a stage; a stream that ends is opened again by who runs us."""
    request = urllib.request.Request(
        f"{os.environ['MODELYARD_URL']}/graphql",
        json.dumps({"query": EVENTS, "variables": {"project": os.environ["MODELYARD_PROJECT"]}}).encode(),
        {
            "Authorization": f"Bearer {os.environ['MODELYARD_TOKEN']}",
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as stream:  # the service sends something every few seconds
        yield  # only now: whatever moves from here on is an event
        for line in stream:
            if line.startswith(b"data:") and b"projectEvents" in line:
                yield


with Client() as client:
    running = None
    for _ in moves():
        try:
            version = client.get(f"{MODEL}:stage:production").version
        except NotFound:
            print("nothing in production yet", flush=True)
            continue
        if version != running:
            running = version
            client.pull(f"{MODEL}:{version}", f"served/{version}")
            client.register_deployment(f"{MODEL}:{version}", "production", "digits-api", follows="stage:production")
            print(f"serving {MODEL} {version}", flush=True)
