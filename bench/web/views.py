"""The pages that are compared: the same table in both user interfaces."""

from __future__ import annotations

from dataclasses import dataclass

from bench.servers.peers import Peer
from bench.stock import experiments, models


@dataclass(frozen=True)
class View:
    """A page of one of both, with selectors of a row of data and of what scrolls."""

    name: str
    address: str
    first_row: str
    scroller: str


def _origin(peer: Peer) -> str:
    return f"http://{peer.address.host}:{peer.address.port}"


async def candidates(peer: Peer, count: int, shape: experiments.Shape = experiments.WIDE) -> View:
    """The candidates of an experiment of so many, each with metrics and params."""
    number = (await experiments.fill(peer, count, shape)).id
    if peer.is_ours:
        address = f"{_origin(peer)}/{peer.project}/-/experiments/{number}"
        return View(f"{count:,} candidates", address, '[role="row"][aria-rowindex="2"]', '[role="grid"]')
    address = f"{_origin(peer)}/#/experiments/{number}/runs"
    return View(f"{count:,} candidates", address, ".ag-center-cols-container .ag-row", ".ag-body-viewport")


async def registry(peer: Peer, count: int) -> View:
    """The models of a project of so many."""
    await models.fill(peer, count)
    if peer.is_ours:
        return View(f"{count:,} models", f"{_origin(peer)}/{peer.project}/-/models", "main table tbody tr", "main")
    return View(f"{count:,} models", f"{_origin(peer)}/#/models", "[role=row] [role=cell] a", "main")
