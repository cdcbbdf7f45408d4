"""Events become deliveries, and deliveries reach their receivers, signed, retried, and only where they may go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from sqlalchemy import select, text

from app.access.policy import Role
from app.errors import Forbidden, Invalid, NotFound
from app.ids import GlobalId
from app.outgoing import requests
from app.outgoing.addresses import AddressRules, is_global
from app.queue.jobs import decode
from app.queue.outbox import BackgroundJob
from app.registry import aliases, models
from app.registry.models import CreateModel, EditModel
from app.registry.reads import loaders
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named
from app.registry.versions import change, create
from app.registry.versions.change import EditVersion
from app.registry.versions.request import CreateVersion
from app.webhooks import deliveries, dispatch, events, webhooks
from app.webhooks.deliveries import WebhookDelivery
from app.webhooks.secrets import SecretUnreadable, Vault
from app.webhooks.webhooks import CreateWebhook, EditWebhook
from tests.support.statements import statements
from workers import handlers

WHOLE = ("number", "semver", "stage", "aliases", "state", "actor")
"""What the data of a version have beside those of MLflow."""
PROMPT = {"mlflow.prompt.is_prompt": "true"}


async def log(runtime, project) -> list[WebhookDelivery]:
    async with runtime.db.read() as snap:
        mine = select(WebhookDelivery).where(WebhookDelivery.project_id == project.id)
        return list(await snap.scalars(mine.order_by(WebhookDelivery.created_at, WebhookDelivery.event)))


async def jobs(runtime, project) -> list[BackgroundJob]:
    async with runtime.db.read() as snap:
        mine = select(BackgroundJob).where(
            BackgroundJob.project_id == project.id, BackgroundJob.kind == "webhooks.deliver"
        )
        return list(await snap.scalars(mine.order_by(BackgroundJob.created_at)))


async def deliver(runtime, delivery) -> None:
    await dispatch.deliver(runtime.db, runtime.webhook_client, delivery.project_id, delivery.id)


async def one(runtime, project) -> WebhookDelivery:
    (delivery,) = await log(runtime, project)
    return delivery


def signature(secret: str, headers: dict[str, str], body: bytes) -> str:
    signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def key_of(id: str) -> int:
    global_id = GlobalId.parse(id)
    assert global_id.type_name == "ModelVersion"
    return int(global_id.parts[1])


async def registry_life(runtime, project, name: str, tags: dict[str, str]) -> None:
    """Everything that can be told of a model."""
    db, owner = runtime.db, project.owner
    await models.create(db, owner, project.id, CreateModel(name, "d", {**tags, "t": "1"}))
    await models.edit(db, owner, project.id, name, EditModel(tags={"k": "v"}))
    await models.edit(db, owner, project.id, name, EditModel(tags={"k": None}))
    await models.edit(db, owner, project.id, name, EditModel(tags={"e": "1"}))
    text = {"mlflow.prompt.text": "Hi {{x}}"} if tags else {}
    await create.create(db, owner, project.id, CreateVersion(name, source="s", tags={**text, "a": "b"}))
    target = Named(name, parse_reference("1.0.0"))
    await change.edit(db, owner, project.id, target, EditVersion(tags={"k": "v"}))
    await change.edit(db, owner, project.id, target, EditVersion(tags={"k": None}))
    await change.edit(db, owner, project.id, target, EditVersion(tags={"x": "1", "y": None}))
    await aliases.set(db, owner, project.id, name, "champion", parse_reference("1.0.0"))
    await aliases.set(db, owner, project.id, name, "champion", parse_reference("1.0.0"))
    await aliases.remove(db, owner, project.id, name, "champion")
    await aliases.remove(db, owner, project.id, name, "champion")


async def test_every_change_is_told_once_with_mlflow_s_data(runtime, project, subscribe):
    hook = await subscribe(*events.EXAMPLES)
    await registry_life(runtime, project, "m", {})
    told = [(delivery.event, delivery.data) for delivery in await log(runtime, project)]
    (created,) = [data for event, data in told if event == "model_version.created"]
    run_id = created.pop("run_id")
    assert len(run_id) == 32
    assert [created.pop(name) for name in WHOLE] == [1, "1.0.0", "none", [], "READY", project.owner.username]
    (version,) = await loaders.versions_by_keys(runtime.db, project.owner, [(project.id, key_of(created.pop("id")))])
    assert version.number == 1
    assert {data.pop("project") for _, data in told} == {project.path}
    version = {"name": "m", "version": "1"}
    assert told == [
        ("registered_model.created", {"name": "m", "tags": {"t": "1"}, "description": "d"}),
        ("model_version.created", {**version, "source": "s", "tags": {"a": "b"}, "description": None}),
        ("model_version_tag.set", {**version, "key": "k", "value": "v"}),
        ("model_version_tag.deleted", {**version, "key": "k"}),
        ("model_version_tag.deleted", {**version, "key": "y"}),
        ("model_version_tag.set", {**version, "key": "x", "value": "1"}),
        ("model_version_alias.created", {**version, "alias": "champion"}),
        ("model_version_alias.deleted", {"name": "m", "alias": "champion"}),
    ]
    assert {delivery.webhook_id for delivery in await log(runtime, project)} == {hook.id}
    assert {job.payload["delivery_id"] for job in await jobs(runtime, project)} == {
        str(delivery.id) for delivery in await log(runtime, project)
    }


async def test_prompts_are_told_of_as_prompts(runtime, project, subscribe):
    await subscribe(*events.EXAMPLES)
    await registry_life(runtime, project, "p", PROMPT)
    told = [(delivery.event, delivery.data) for delivery in await log(runtime, project)]
    assert {data.pop("project") for _, data in told} == {project.path}
    version = {"name": "p", "version": "1"}
    assert told == [
        ("prompt.created", {"name": "p", "tags": {"t": "1"}, "description": "d"}),
        ("prompt_tag.set", {"name": "p", "key": "k", "value": "v"}),
        ("prompt_tag.deleted", {"name": "p", "key": "k"}),
        ("prompt_tag.set", {"name": "p", "key": "e", "value": "1"}),
        ("prompt_version.created", {**version, "template": "Hi {{x}}", "tags": {"a": "b"}, "description": None}),
        ("prompt_version_tag.set", {**version, "key": "k", "value": "v"}),
        ("prompt_version_tag.deleted", {**version, "key": "k"}),
        ("prompt_version_tag.deleted", {**version, "key": "y"}),
        ("prompt_version_tag.set", {**version, "key": "x", "value": "1"}),
        ("prompt_alias.created", {**version, "alias": "champion"}),
        ("prompt_alias.deleted", {"name": "p", "alias": "champion"}),
    ]


async def test_only_active_webhooks_that_listen_are_told(runtime, project, subscribe):
    listening = await subscribe("registered_model.created")
    await subscribe("model_version.created")
    await subscribe("registered_model.created", status="disabled")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    assert (await one(runtime, project)).webhook_id == listening.id


async def test_nothing_is_told_of_what_did_not_happen(runtime, project, subscribe):
    await subscribe(*events.EXAMPLES)
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    with pytest.raises(models.ModelTaken):
        await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    assert [delivery.event for delivery in await log(runtime, project)] == ["registered_model.created"]


async def test_without_listeners_an_event_costs_one_statement(runtime, project, subscribe):
    db, owner = runtime.db, project.owner
    await models.create(db, owner, project.id, CreateModel("m"))
    tags = {f"k{index}": "v" for index in range(50)}
    with statements(db) as without:
        await create.create(db, owner, project.id, CreateVersion("m"))
        await change.edit(db, owner, project.id, Named("m", parse_reference("1.0.0")), EditVersion(tags=tags))
    assert len([sent for sent in without if "webhook" in sent]) == 2
    await subscribe(*events.EXAMPLES)
    with statements(db) as told:
        await change.edit(db, owner, project.id, Named("m", parse_reference("1.0.0")), EditVersion(tags=tags))
    assert len([sent for sent in told if "webhook" in sent or "background_jobs" in sent]) == 2
    assert len(await log(runtime, project)) == 50


async def test_a_delivery_is_signed_and_logged(runtime, project, subscribe, receiver):
    await subscribe("registered_model.created")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    (job,) = await jobs(runtime, project)
    await handlers.HANDLERS[job.kind](runtime, decode(job.kind, job.payload), None)
    ((headers, body),) = receiver.got
    delivery = await one(runtime, project)
    assert headers["X-MLflow-Delivery-Id"] == str(delivery.id)
    assert headers["X-MLflow-Signature"] == signature("s3cret", headers, body)
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "entity": "registered_model", "action": "created", "timestamp": delivery.occurred_at.isoformat(),
        "data": {"name": "m", "tags": {}, "description": None, "project": project.path},
    }  # fmt: skip
    assert (delivery.state, delivery.attempts, delivery.response_status) == ("delivered", 1, 200)
    assert (delivery.response_body, delivery.last_error, delivery.next_attempt_at) == ("answer 200", None, None)


async def test_without_a_secret_there_is_no_signature(runtime, project, subscribe, receiver):
    await subscribe("registered_model.created", secret=None)
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    await deliver(runtime, await one(runtime, project))
    assert "X-MLflow-Signature" not in receiver.got[0][0]


async def test_server_errors_are_retried_with_the_same_id_and_body(runtime, project, subscribe, receiver):
    receiver.answers = [(500, {}), (429, {"Retry-After": "600"})]
    await subscribe("registered_model.created")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    waits = []
    for state in ("pending", "pending", "delivered"):
        await deliver(runtime, await one(runtime, project))
        delivery = await one(runtime, project)
        assert delivery.state == state
        waits.append(delivery.next_attempt_at and delivery.next_attempt_at - datetime.now(UTC))
    assert timedelta(seconds=3) < waits[0] < timedelta(seconds=7)
    assert timedelta(seconds=595) < waits[1] <= timedelta(seconds=600)
    assert len({headers["X-MLflow-Delivery-Id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    assert delivery.attempts == 3


async def test_the_next_attempt_is_a_promised_job(runtime, project, subscribe, receiver):
    receiver.answers = [(503, {})]
    await subscribe("registered_model.created")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    async with runtime.db.write() as tx:  # as if a worker had taken the first job
        await tx.execute(text("DELETE FROM background_jobs WHERE project_id = :id"), {"id": project.id})
    await deliver(runtime, await one(runtime, project))
    (job,) = await jobs(runtime, project)
    assert (job.state, job.run_after) == ("queued", (await one(runtime, project)).next_attempt_at)


async def test_after_the_last_attempt_a_delivery_has_failed(runtime, project, subscribe, receiver):
    receiver.answers = [(500, {})] * 10
    await subscribe("registered_model.created")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    for _ in range(10):
        await deliver(runtime, await one(runtime, project))
    delivery = await one(runtime, project)
    assert (delivery.state, delivery.attempts, len(receiver.got)) == ("failed", 6, 6)
    assert delivery.last_error == "The receiver answered 500."


@pytest.mark.parametrize(("status", "headers"), [(400, {}), (404, {}), (302, {"Location": "/elsewhere"})])
async def test_refusals_and_redirects_are_final(runtime, project, subscribe, receiver, status, headers):
    receiver.answers = [(status, headers)]
    await subscribe("registered_model.created")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    for _ in range(2):
        await deliver(runtime, await one(runtime, project))
    delivery = await one(runtime, project)
    assert (delivery.state, delivery.response_status, len(receiver.got)) == ("failed", status, 1)


async def test_an_unreachable_receiver_is_retried(runtime, project, subscribe):
    await subscribe("registered_model.created", url="http://127.0.0.1:1/hook")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    await deliver(runtime, await one(runtime, project))
    delivery = await one(runtime, project)
    assert (delivery.state, delivery.attempts, delivery.response_status) == ("pending", 1, None)
    assert delivery.last_error == "The receiver cannot be reached: ClientConnectorError."


async def test_a_crash_before_the_note_sends_the_same_again(runtime, project, subscribe, receiver, monkeypatch):
    await subscribe("registered_model.created")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))

    async def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(dispatch, "_record", die)
        await deliver(runtime, await one(runtime, project))
    for _ in range(2):
        await deliver(runtime, await one(runtime, project))
    first, second = receiver.got
    assert first[0]["X-MLflow-Delivery-Id"] == second[0]["X-MLflow-Delivery-Id"]
    assert first[1] == second[1]
    assert (await one(runtime, project)).attempts == 1


async def test_disabled_and_deleted_webhooks_get_nothing(runtime, project, subscribe, receiver):
    db, owner = runtime.db, project.owner
    hook = await subscribe("registered_model.created")
    await models.create(db, owner, project.id, CreateModel("m"))
    await webhooks.edit(db, owner, runtime.webhook_client, project.id, hook.id, EditWebhook(status="disabled"))
    delivery = await one(runtime, project)
    await deliver(runtime, delivery)
    assert (await one(runtime, project)).last_error == "The webhook is disabled."
    await webhooks.delete(db, owner, project.id, hook.id)
    await deliver(runtime, delivery)
    assert receiver.got == []
    assert await log(runtime, project) == []


async def test_a_replay_is_a_delivery_of_its_own(runtime, project, subscribe, receiver):
    await subscribe("registered_model.created")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    first = await one(runtime, project)
    await deliver(runtime, first)
    again = await deliveries.replay(runtime.db, project.owner, project.id, first.id)
    await deliver(runtime, again)
    (first_headers, first_body), (headers, body) = receiver.got
    assert (again.replay_of, again.state, body) == (first.id, "pending", first_body)
    assert headers["X-MLflow-Delivery-Id"] != first_headers["X-MLflow-Delivery-Id"]
    assert [delivery.state for delivery in await log(runtime, project)] == ["delivered", "delivered"]


async def test_old_entries_of_the_log_are_forgotten(runtime, project, subscribe):
    await subscribe("registered_model.created")
    for name in ("a", "b"):
        await models.create(runtime.db, project.owner, project.id, CreateModel(name))
    first, second = await log(runtime, project)
    await deliver(runtime, first)
    async with runtime.db.write() as tx:
        aged = "UPDATE webhook_deliveries SET created_at = now() - interval '31 days' WHERE project_id = :id"
        await tx.execute(text(aged), {"id": project.id})
    assert await dispatch.remove_old(runtime.db) == 1
    assert (await one(runtime, project)).id == second.id


async def test_secrets_are_sealed(runtime, project, subscribe):
    hook = await subscribe("registered_model.created", secret="very secret words")
    async with runtime.db.read() as snap:
        row = await snap.scalar(text("SELECT webhooks::text FROM webhooks WHERE id = :id"), {"id": hook.id})
        sealed = await snap.scalar(text("SELECT sealed_secret FROM webhooks WHERE id = :id"), {"id": hook.id})
    assert "very secret" not in row
    assert b"very secret" not in sealed
    vault = runtime.webhook_client.vault
    assert vault.open(project.id, hook.id, sealed) == "very secret words"
    assert vault.seal(project.id, hook.id, "very secret words") != sealed
    for other in (
        lambda: vault.open(project.id + 1, hook.id, sealed),
        lambda: Vault("x").open(project.id, hook.id, sealed),
    ):
        with pytest.raises(SecretUnreadable):
            other()


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "ftp://example.org", "http://example.org/", "https://", "https://user:pw@example.org", "javascript:x",
        "https://10.0.0.1", "https://127.0.0.2", "https://169.254.169.254/latest", "https://100.64.0.1", "https://0",
        "https://127.1", "https://2130706433", "https://0x7f.1", "https://0177.0.0.1", "https://[::1]",
        "https://[::ffff:10.0.0.1]", "https://[64:ff9b::a00:1]", "https://[2002:a00:1::]", "https://[fd00::1]",
        "https://[::127.0.0.1]", "https://[fe80::1]", "https://224.0.0.1", "https://127。0。0。2", "https://x:99999",
        "https://" + "x" * 3000,
    ],
)  # fmt: skip
async def test_addresses_that_are_not_global_are_refused(runtime, project, subscribe, url):
    with pytest.raises(Invalid):
        await subscribe("registered_model.created", url=url)


async def test_names_are_judged_by_what_they_resolve_to(runtime, project, subscribe, receiver):
    port = receiver.url.rpartition(":")[2]
    await subscribe("registered_model.created", url=f"https://localhost:{port}")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    await deliver(runtime, await one(runtime, project))
    delivery = await one(runtime, project)
    assert (delivery.state, receiver.got) == ("failed", [])
    assert delivery.last_error == (
        "The host 'localhost' does not resolve to global addresses only; operators allow others by "
        "MODELYARD_WEBHOOK_PRIVATE_HOSTS."
    )


@pytest.mark.parametrize(
    "url", ["http://ci.internal/hook", "http://10.1.2.3:8080", "https://10.1.2.3", "http://[fd00::1]"]
)
def test_refusals_name_the_setting_that_would_allow_it(url):
    for setting in ("MODELYARD_WEBHOOK_PRIVATE_HOSTS", "MODELYARD_CI_PRIVATE_HOSTS"):
        with pytest.raises(Invalid, match=setting):
            AddressRules.of([], setting=setting).check(url)


async def test_operators_may_name_hosts_with_a_port():
    rules = AddressRules.of(["Inner.example:8080", " [::1]:90", "plain"])
    for url in ("http://inner.example:8080/x", "http://[::1]:90", "http://plain", "https://plain:444"):
        assert rules.trusts(rules.check(url))
    for url in ("http://inner.example", "http://[::1]:91", "http://plain.example"):
        with pytest.raises(Invalid):
            rules.check(url)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True), ("2606:4700::1", True), ("64:ff9b::808:808", True), ("::ffff:8.8.8.8", True),
        ("2001:0:1::1", False), ("2002:808:808::", False), ("2001:db8::1", False),
    ],
)  # fmt: skip
def test_global_addresses(address, expected):
    assert is_global(ip_address(address)) is expected


def test_retry_after_is_read_in_both_forms():
    def read(text):
        return requests.retry_after({} if text is None else {"Retry-After": text})

    assert read("120") == 120
    assert read("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert [read(text) for text in (None, "", "soon", "-1", "9" * 20)] == [None] * 5
    beyond = ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 +99999999999999999999")
    assert [read(text) for text in beyond] == [None] * 2


async def test_only_maintainers_manage_webhooks(runtime, project, subscribe, receiver):
    hook = await subscribe("registered_model.created")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    delivery = await one(runtime, project)
    command = CreateWebhook("h", receiver.url, ["registered_model.created"])

    def calls(actor):
        db, webhook_client, where = runtime.db, runtime.webhook_client, project.id
        return [
            webhooks.create(db, actor, webhook_client, where, command),
            webhooks.get(db, actor, where, hook.id),
            webhooks.search(db, actor, where),
            webhooks.edit(db, actor, webhook_client, where, hook.id, EditWebhook(name="n")),
            webhooks.test(db, actor, webhook_client, where, hook.id, None),
            deliveries.replay(db, actor, where, delivery.id),
            webhooks.delete(db, actor, where, hook.id),
        ]

    refused = {Role.GUEST: Forbidden, Role.REPORTER: Forbidden, Role.DEVELOPER: Forbidden, None: NotFound}
    for role, kind in refused.items():
        for call in calls(project[role].actor if role else project.stranger.actor):
            with pytest.raises(kind):
                await call
    assert receiver.got == []
    for call in calls(project[Role.MAINTAINER].actor):
        await call
