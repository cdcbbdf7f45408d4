"""The pages that are compared: the same table in both user interfaces."""

from __future__ import annotations

from dataclasses import dataclass

from bench.servers.peers import Peer
from bench.stock import experiments, models

_ROW, _GRID = '[role="row"][data-row]:not([data-row="-1"])', '[role="grid"]'


@dataclass(frozen=True)
class View:
    """A page of one of both, with selectors of a row of data and of what scrolls."""

    name: str
    address: str
    first_row: str
    scroller: str
    visit: str
    """Script that leads there from the other page of the same user interface, without loading anything anew."""


def _origin(peer: Peer) -> str:
    return f"http://{peer.address.host}:{peer.address.port}"


async def candidates(peer: Peer, count: int, shape: experiments.Shape = experiments.WIDE) -> View:
    """The candidates of an experiment of so many, each with metrics and params."""
    number = (await experiments.fill(peer, count, shape)).id
    if peer.is_ours:
        address = f"{_origin(peer)}/{peer.project}/-/experiments/{number}"
        return View(f"{count:,} candidates", address, _ROW, _GRID, "history.back()")
    path = f"#/experiments/{number}/runs"
    rows, scroller = ".ag-center-cols-container .ag-row", ".ag-body-viewport"
    return View(f"{count:,} candidates", f"{_origin(peer)}/{path}", rows, scroller, f"location.hash = '{path}'")


async def registry(peer: Peer, count: int) -> View:
    """The models of a project of so many."""
    await models.fill(peer, count)
    if peer.is_ours:
        address = f"/{peer.project}/-/models"
        visit = f"document.querySelector('nav a[href=\"{address}\"]').click()"
        return View(f"{count:,} models", f"{_origin(peer)}{address}", _ROW, _GRID, visit)
    visit = "location.hash = '#/models'"
    return View(f"{count:,} models", f"{_origin(peer)}/#/models", "[role=row] [role=cell] a", "main", visit)
