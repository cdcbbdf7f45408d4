"""What any worker does at intervals: the sweep, the reconciler, and housekeeping.

Every chore takes rows with SKIP LOCKED or an advisory lock, so two workers share it without waiting for each other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from prometheus_client import Gauge

from app.access import sessions
from app.access.administration import expired_memberships
from app.access.devices import grants
from app.access.limits import requests
from app.access.one_time_links import upkeep as links
from app.access.passwords import attempts
from app.access.reads import access_log
from app.artifacts import stored_bytes
from app.artifacts.upkeep import damage, garbage, inspections
from app.artifacts.upkeep import reconcile as upkeep_reconcile
from app.artifacts.uploads import multipart
from app.db import change_context
from app.db.change_context import ChangeContext
from app.journal import events
from app.lifecycle.audit import chain, heads
from app.lifecycle.deployments import upkeep as deployments
from app.lifecycle.evaluations import mlflow_runs
from app.lifecycle.lineage import learning
from app.lifecycle.promotions import upkeep as promotions
from app.lifecycle.pulls import storage as pulls
from app.queue import leases
from app.registry import announce
from app.registry.versions import complete, wait_for_files
from app.runtime import Runtime
from app.upkeep import token_reminders
from app.webhooks import dispatch

SUCCESS = Gauge(
    "modelyard_chore_last_success_timestamp_seconds",
    "When a chore last ran to its end; alarm when this grows old.",
    ["chore"],
    multiprocess_mode="mostrecent",
)
RECHECK_SECONDS = 3600
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chore:
    """Work to repeat; its name is a value of the label of the metric, ``every`` is in seconds."""

    name: str
    every: float
    do: Callable[[Runtime], Awaitable[object]]


async def forget_attempts(runtime: Runtime) -> object:
    """Remove counts of wrong passwords that are all forgiven."""
    return await attempts.sweep(runtime.db)


async def forget_device_sign_ins(runtime: Runtime) -> object:
    """Remove sign-ins of command lines that ended a while ago."""
    return await grants.sweep(runtime.db)


async def sweep(runtime: Runtime) -> object:
    """Remove the bytes of condemned objects from the store."""
    keep = timedelta(seconds=runtime.settings.deleted_bytes_seconds)
    return await garbage.sweep(runtime.db, runtime.blobs, keep=keep)


async def expire(runtime: Runtime) -> object:
    """Condemn what uploads left behind when their process died."""
    return await garbage.expire_pending(runtime.db)


async def end_uploads(runtime: Runtime) -> object:
    """Free the parts of uploads that were abandoned or aborted."""
    return await multipart.expire(runtime.db, runtime.blobs, missed=wait_for_files.mark_missed)


async def inspect(runtime: Runtime) -> object:
    """Enqueue again the inspection of files that no worker has inspected."""
    return await inspections.promise_overdue(runtime.db)


async def give_up_versions(runtime: Runtime) -> object:
    """End the wait for files of versions whose push was abandoned."""
    return await wait_for_files.give_up(runtime.db)


async def complete_versions(runtime: Runtime) -> object:
    """Complete versions whose files are all there, and tell webhooks, where a process ended before it did so."""
    completed = await complete.complete_all_announced(runtime.db)
    return completed, await announce.announce(runtime.db)


async def read_evaluation_runs(runtime: Runtime) -> object:
    """Make evaluations of runs of MLflow's `evaluate` that have finished, or that a version was made of since."""
    return await mlflow_runs.ingest(runtime.db)


async def reconcile(runtime: Runtime) -> object:
    """Compare bucket and tables: suspect and condemn objects without a row, mark missing ones."""
    return await upkeep_reconcile.reconcile(runtime.db, runtime.blobs)


async def recheck(runtime: Runtime) -> object:
    """Read and hash what was stored the longest ago."""
    percent, every = runtime.settings.recheck_percent, timedelta(seconds=RECHECK_SECONDS)
    return await damage.check(runtime.db, runtime.blobs, percent_a_day=percent, every=every)


async def fail_exhausted(runtime: Runtime) -> object:
    """Make jobs dead that kill their worker in every attempt."""
    return await leases.fail_exhausted(runtime.db)


async def remove_finished(runtime: Runtime) -> object:
    """Remove old succeeded jobs."""
    return await leases.remove_finished(runtime.db)


async def remove_old_deliveries(runtime: Runtime) -> object:
    """Remove old entries of the delivery log of webhooks."""
    return await dispatch.remove_old(runtime.db)


async def remove_old_links(runtime: Runtime) -> object:
    """Remove invitations and other one-time links that ended a month ago."""
    return await links.remove_old(runtime.db)


async def remind_of_tokens(runtime: Runtime) -> object:
    """Tell of tokens that end soon."""
    return await token_reminders.remind(runtime.db, within=timedelta(days=runtime.settings.token_reminder_days))


async def remove_old_sessions(runtime: Runtime) -> object:
    """Remove sessions that ended a month ago."""
    return await sessions.remove_old(runtime.db)


async def remove_old_events(runtime: Runtime) -> object:
    """Remove old entries of the journal that subscriptions read."""
    return await events.remove_old(runtime.db)


async def remove_request_counts(runtime: Runtime) -> object:
    """Remove counts of requests of minutes that are long over, and of bytes by defaults that hold no more."""
    defaults = runtime.authenticator.meter.defaults
    forgotten = await stored_bytes.follow_defaults(runtime.db, defaults.project_bytes, defaults.token_bytes)
    return await requests.remove_old(runtime.db), forgotten


async def remove_old_access(runtime: Runtime) -> object:
    """Remove old entries of the access log."""
    return await access_log.remove_old(runtime.db, timedelta(days=runtime.settings.access_log_days))


async def tell_of_silent_deployments(runtime: Runtime) -> object:
    """Tell once of deployments without heartbeat for some minutes, and end those without for days."""
    settings = runtime.settings
    told = await deployments.tell_of_silent(runtime.db, timedelta(seconds=settings.deployment_silent_seconds))
    return told, await deployments.end_lost(runtime.db, timedelta(days=settings.deployment_lost_days))


async def read_lineage_tags(runtime: Runtime) -> object:
    """Read out of new tags what versions were made from."""
    return await learning.read_tags(runtime.db)


async def remove_old_pulls(runtime: Runtime) -> object:
    """Remove who pulled what on days that are long over."""
    return await pulls.remove_old(runtime.db, timedelta(days=runtime.settings.pull_days))


async def remove_expired_memberships(runtime: Runtime) -> object:
    """Remove memberships that ended long ago."""
    return await expired_memberships.remove(runtime.db)


async def chain_audit(runtime: Runtime) -> object:
    """Give new entries of the audit log their places, and write down every hour how far each chain has come."""
    return await chain.extend(runtime.db), await heads.make(runtime.db)


async def tidy_promotions(runtime: Runtime) -> object:
    """Expire promotion requests, and end approvals of what has changed since."""
    return await promotions.tidy(runtime.db)


CHORES = (
    Chore("chain audit", 1, chain_audit),
    Chore("sweep", 5, sweep),
    Chore("bury", 30, fail_exhausted),
    Chore("inspect", 60, inspect),
    Chore("settle versions", 30, complete_versions),
    Chore("give up versions", 300, give_up_versions),
    Chore("forget events", 15, remove_old_events),
    Chore("expire", 300, expire),
    Chore("forget attempts", 60, forget_attempts),
    Chore("forget device sign-ins", 60, forget_device_sign_ins),
    Chore("uploads", 300, end_uploads),
    Chore("tidy promotions", 30, tidy_promotions),
    Chore("forget", 3600, remove_finished),
    Chore("forget deliveries", 3600, remove_old_deliveries),
    Chore("forget counts", 3600, remove_request_counts),
    Chore("forget access", 3600, remove_old_access),
    Chore("forget sessions", 3600, remove_old_sessions),
    Chore("forget links", 3600, remove_old_links),
    Chore("forget members", 3600, remove_expired_memberships),
    Chore("remind of tokens", 600, remind_of_tokens),
    Chore("forget pulls", 3600, remove_old_pulls),
    Chore("lineage", 5, read_lineage_tags),
    Chore("evaluations", 2, read_evaluation_runs),
    Chore("deployments", 15, tell_of_silent_deployments),
    Chore("recheck", RECHECK_SECONDS, recheck),
    Chore("reconcile", 6 * 3600, reconcile),
)


async def run(runtime: Runtime) -> None:
    """Keep all chores going until cancelled."""
    await asyncio.gather(*(_repeat(runtime, chore) for chore in CHORES))


async def _repeat(runtime: Runtime, chore: Chore) -> None:
    change_context.begin(ChangeContext(doing=f"chore: {chore.name}"))
    while True:
        try:
            result = await chore.do(runtime)
            SUCCESS.labels(chore.name).set(time.time())
            log.debug("chore.done", chore=chore.name, result=str(result))
        except Exception as error:  # noqa: BLE001 - a chore that fails is tried again at its next turn
            log.warning("chore.failed", chore=chore.name, error=type(error).__name__, reason=str(error)[:200])
        await asyncio.sleep(chore.every)
