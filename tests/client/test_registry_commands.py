"""Commands that list and change models and versions, against the real API."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from app.access.policy import Role
from modelyard_client.cli import commands
from modelyard_client.cli.tables import cut, table, width
from tests.client.conftest import Desk
from tests.support.client.proxy import Proxy
from tests.support.source import ROOT


@pytest.fixture
async def churn(desk: Desk) -> Desk:
    """Versions 1.0.0 and 1.1.0 of `churn`."""
    desk.write("a.txt", b"hello")
    await desk.push("churn", version="1.0.0")
    desk.write("b.txt", b"world")
    await desk.push("churn", version="1.1.0", aliases=("champion",))
    return desk


async def done(desk: Desk, *words: str):
    """What a command printed as JSON."""
    ended = await desk.command(*words, "--json")
    assert (ended.code, ended.err) == (0, ""), ended
    return ended.json


async def test_models_are_listed_and_searched(churn: Desk):
    churn.write("c.txt", b"c")
    await churn.push("Chart")
    listed = (await done(churn, "models"))["models"]
    assert [(one["name"], one["latestVersion"], one["aliases"]) for one in listed] == [
        ("Chart", "1.0.0", {}),
        ("churn", "1.1.0", {"champion": "1.1.0"}),
    ]
    assert [one["name"] for one in (await done(churn, "models", "HUR"))["models"]] == ["churn"]
    assert len((await done(churn, "models", "--limit", "1"))["models"]) == 1
    shown = await churn.command("models", "chu")
    assert [row.split()[:3] for row in shown.out.splitlines()] == [
        ["MODEL", "LATEST", "ALIASES"],
        ["churn", "1.1.0", "champion"],
    ]
    assert (await churn.command("models", "nothing has this")).out == "There is none.\n"


async def test_versions_are_listed_highest_first(churn: Desk):
    listed = (await done(churn, "versions", "churn"))["versions"]
    assert [(one["version"], one["number"], one["aliases"], one["status"]) for one in listed] == [
        ("1.1.0", 2, ["champion"], "READY"),
        ("1.0.0", 1, [], "READY"),
    ]
    assert [one["version"] for one in (await done(churn, "versions", "churn:~1.0"))["versions"]] == ["1.0.0"]
    missing = await churn.command("versions", "nope", "--json")
    assert (missing.code, missing.json["error"]["code"]) == (5, "NOT_FOUND")


async def test_lists_go_beyond_a_page(desk: Desk, data):
    person = desk.project.people[Role.OWNER]
    names = [f"m{number:03}" for number in range(230)]
    create = "mutation($input: ModelCreateInput!) { modelCreate(input: $input) { userErrors { code } } }"
    for name in names:
        await data(person, create, input={"project": {"path": desk.project.path}, "name": name})
    assert [one["name"] for one in (await done(desk, "models"))["models"]] == names
    assert len((await done(desk, "models", "--limit", "150"))["models"]) == 150


async def test_log_and_show_the_evidence_of_a_version(churn: Desk):
    logged = await done(
        churn, "log", "churn@champion", "--metric", "auc=0.93", "--metric", "loss=nan", "--param", "depth=6",
        "--dataset", "calls@2026@sha256:12", "--fact", "commit=abc123", "--tag", "by=gate", "--step", "3",
    )  # fmt: skip
    assert logged["logged"] == {"metrics": 2, "params": 1, "datasets": 1, "facts": 1, "tags": 1}
    shown = await done(churn, "show", "churn:1.1.0")
    assert (shown["metrics"], shown["params"]) == ({"auc": 0.93, "loss": "NaN"}, {"depth": "6"})
    assert (shown["datasets"], shown["tags"]["by"]) == (["calls@2026@sha256:12"], "gate")
    assert [(file["path"], file["size"]) for file in shown["files"]] == [("a.txt", 5), ("b.txt", 5)]
    assert (shown["uri"], shown["fileCount"], shown["stage"]) == ("models:/churn/1.1.0", 2, "none")
    words = (await churn.command("show", "churn")).out
    assert "latest   1.1.0\n" in words
    assert "aliases  champion → 1.1.0\n" in words
    text = (await churn.command("show", "churn#2")).out
    assert "metrics   auc = 0.93\n          loss = nan\n" in text


async def test_stages_aliases_and_tags_are_changed(churn: Desk):
    assert (await done(churn, "stage", "churn:1.0.0", "staging"))["stage"] == "staging"
    assert (await done(churn, "show", "churn:stage:staging"))["version"] == "1.0.0"
    assert (await done(churn, "alias", "set", "churn:1.0.0", "champion", "--expected", "2"))["number"] == 1
    raced = await churn.command("alias", "set", "churn:1.1.0", "champion", "--expected", "2", "--json")
    assert (raced.code, raced.json["error"]["code"]) == (8, "CONFLICT")
    assert (await done(churn, "alias", "delete", "churn", "champion"))["existed"] is True
    assert (await done(churn, "alias", "delete", "churn", "champion"))["existed"] is False
    await done(churn, "tag", "set", "churn", "team=vision", "note=a=b")
    await done(churn, "tag", "set", "churn:1.0.0", "x=1", "y=2")
    await done(churn, "tag", "delete", "churn:1.0.0", "x")
    assert (await done(churn, "show", "churn"))["tags"] == {"team": "vision", "note": "a=b"}
    tags = (await done(churn, "show", "churn:1.0.0"))["tags"]
    assert (tags["y"], "x" in tags) == ("2", False)


async def test_deleting_needs_a_confirmation(churn: Desk):
    refused = await churn.command("delete", "churn:1.0.0")
    assert (refused.code, "without being asked, add --yes" in refused.err) == (2, True)
    assert (await done(churn, "delete", "churn:1.0.0", "--yes"))["version"] == "1.0.0"
    assert [one["version"] for one in (await done(churn, "versions", "churn"))["versions"]] == ["1.1.0"]
    assert (await done(churn, "delete", "churn", "--yes"))["model"] == "churn"
    assert (await done(churn, "models"))["models"] == []
    assert (await churn.command("delete", "churn", "--yes")).code == 5


@pytest.mark.parametrize("name", ["a@b#c", "-x", "--"])
async def test_a_model_may_have_any_name(desk: Desk, name: str):
    desk.write("a.txt", b"hello")

    async def ended(words: str, *after: str):
        done = await desk.command(*words.split(), "--json", "--", *after)
        assert done.code == 0, done
        return done.json

    assert (await ended("push", name, "files"))["model"] == name
    assert (await ended("show --literal --reference=latest", name))["model"] == name
    assert (await ended("tag set --literal", name, "k=v"))["model"] == name
    assert (await ended("show --literal", name))["tags"] == {"k": "v"}
    assert len((await ended("versions --literal", name))["versions"]) == 1
    assert (await ended("pull --reference ^1", name, "out"))["files"] == 1
    assert (await ended("delete --literal --yes", name))["model"] == name


async def test_too_many_requests_have_a_code_of_their_own(churn: Desk, proxy: Proxy):
    proxy.statuses = {"POST": [429] * 1000}
    limited = await churn.command("models", "--json", MODELYARD_RETRY_SECONDS="0.5")
    assert (limited.code, limited.json["error"]["code"]) == (9, "RATE_LIMITED")


async def test_the_commands_of_the_server_take_completions_and_tell_the_version(desk: Desk):
    assert (await desk.command("__complete", "alias", "")).out.split() == ["set", "delete"]
    assert (await desk.command("--version")).out == "modelyard-client 0.1.0\n"


async def test_a_deletion_whose_answer_got_lost_is_a_deletion(churn: Desk, proxy: Proxy):
    for what, word in (("churn:1.0.0", "VersionDelete"), ("churn", "ModelDelete")):
        proxy.lose = [word]
        deleted = await churn.command("delete", what, "--yes")
        assert (deleted.code, "trying again" in deleted.err) == (0, True), deleted
    assert (await done(churn, "models"))["models"] == []


async def test_a_point_whose_answer_got_lost_is_logged_once(churn: Desk, proxy: Proxy, data):
    proxy.lose = ["CandidateLog"]
    logged = await churn.command("log", "churn:1.0.0", "--metric", "auc=0.5", "--param", "a=b", "--dataset", "d@1")
    assert (logged.code, "trying again" in logged.err) == (0, True), logged
    query = """query($by: ModelVersionLookup!) { modelVersion(by: $by) {
      candidate { metricHistory(key: "auc") { nodes { value } } } } }"""
    path = {"project": churn.project.path, "model": "churn", "reference": "1.0.0"}
    history = await data(churn.project[Role.OWNER], query, by={"path": path})
    assert history["modelVersion"]["candidate"]["metricHistory"]["nodes"] == [{"value": 0.5}]


async def test_an_interrupted_push_logs_its_metrics_once(desk: Desk, proxy: Proxy, data):
    desk.write("a.bin", b"weights")
    proxy.statuses = {"PUT": [403] * 100}
    first = await desk.command("push", "m", "files", "--metric", "auc=0.5")
    assert first.code != 0
    proxy.statuses = {}
    pushed = await done(desk, "push", "m", "files", "--metric", "auc=0.5")
    assert (pushed["resumed"], pushed["number"]) == (True, 1)
    query = """query($by: ModelVersionLookup!) { modelVersion(by: $by) {
      candidate { metricHistory(key: "auc") { nodes { value } } } } }"""
    path = {"project": desk.project.path, "model": "m", "reference": "1.0.0"}
    history = await data(desk.project[Role.OWNER], query, by={"path": path})
    assert history["modelVersion"]["candidate"]["metricHistory"]["nodes"] == [{"value": 0.5}]


async def test_a_change_names_its_version(churn: Desk):
    for words in (("log", "churn", "--metric", "a=1"), ("stage", "churn", "staging"), ("alias", "set", "churn", "x")):
        refused = await churn.command(*words)
        assert (refused.code, "Say which version: churn:1.2.3" in refused.err) == (2, True)
    by_option = await done(churn, "stage", "churn", "staging", "--reference", "^1")
    assert by_option["version"] == "1.1.0"


async def test_exit_codes_tell_what_kind_of_failure_it_was(churn: Desk):
    guest = {"MODELYARD_TOKEN": churn.project[Role.GUEST].token}
    expected = {
        ("show", "churn:^7"): (5, "NOT_FOUND"),
        ("show", "nope"): (5, "NOT_FOUND"),
        ("stage", "churn:1.0.0", "nowhere"): (1, "INVALID"),
        ("show", "churn:not a version"): (1, "INVALID_REFERENCE"),
        ("nope",): (2, "USAGE"),
        ("models", "--limit", "none"): (2, "USAGE"),
        ("log", "churn:1.0.0", "--metric", "a"): (2, "USAGE"),
        ("log", "churn:1.0.0", "--fact", "colour=red"): (2, "USAGE"),
    }
    for words, (code, name) in expected.items():
        ended = await churn.command(*words, "--json") if words != ("nope",) else await churn.client(*words, "--json")
        assert (ended.code, ended.json["error"]["code"]) == (code, name), ended
    forbidden = await churn.command("stage", "churn:1.0.0", "staging", "--json", **guest)
    assert (forbidden.code, forbidden.json["error"]["code"]) == (7, "FORBIDDEN")
    away = await churn.command("models", "--json", MODELYARD_URL="http://127.0.0.1:1", MODELYARD_RETRY_SECONDS="0.1")
    assert (away.code, away.json["error"]["code"]) == (3, "UNREACHABLE")


async def test_one_call_of_a_gate_pushes_and_logs(desk: Desk, data):
    desk.write("model.bin", b"weights")
    made = await done(
        desk, "push", "gate", "files", "--metric", "auc=0.9", "--param", "lr=1e-3", "--dataset", "calls@sha256:77",
        "--fact", "commit=abc", "--alias", "candidate",
    )  # fmt: skip
    shown = await done(desk, "show", f"gate:{made['version']}")
    assert (shown["metrics"], shown["params"], shown["datasets"]) == ({"auc": 0.9}, {"lr": "1e-3"}, ["calls@sha256:77"])
    assert shown["aliases"] == ["candidate"]


async def test_a_version_is_made_from_a_run_that_has_files(desk: Desk, data):
    desk.write("model.bin", b"weights")
    first = await done(desk, "push", "gate", "files")
    run = (await done(desk, "show", f"gate:{first['version']}"))["runId"]
    second = await done(desk, "push", "gate", "--from-run", run, "--metric", "auc=0.8", "--version", "2.0.0")
    assert (second["version"], second["files"], second["sentBytes"]) == ("2.0.0", 0, 0)
    shown = await done(desk, "show", "gate:2.0.0")
    assert (shown["runId"], shown["metrics"], shown["status"]) == (run, {"auc": 0.8}, "READY")
    assert [file["path"] for file in shown["files"]] == ["model.bin"]
    none = await desk.command("push", "gate")
    assert (none.code, "Name files or folders, or the candidate" in none.err) == (2, True)


async def test_a_reporter_who_may_not_log_is_told_before_bytes_are_sent(desk: Desk):
    desk.write("model.bin", b"weights")
    token = desk.project[Role.REPORTER].token
    refused = await desk.command("push", "gate", "files", "--metric", "a=1", "--json", MODELYARD_TOKEN=token)
    assert (refused.code, refused.json["error"]["code"]) == (7, "FORBIDDEN")


async def test_open_prints_addresses_of_pages_that_exist(desk: Desk, http):
    for page in ("account", "explorer"):
        address = (await done(desk, "open", page))["url"]
        answer = await http.get(address, headers={"Accept": "text/html"}, follow_redirects=False)
        assert answer.status_code in {200, 303}
    assert (await desk.command("open", "--print")).out == f"{desk.url}/account\n"


async def test_names_are_completed(churn: Desk):
    async def completed(*words: str) -> list[str]:
        return (await churn.client("__complete", *words)).out.split()

    assert await completed("pu") == ["push", "pull"] or set(await completed("pu")) == {"push", "pull"}
    assert await completed("alias", "") == ["set", "delete"]
    assert await completed("show", "ch") == ["churn"]
    assert "--metric" in await completed("log", "churn:1.0.0", "--m")
    assert await completed("push", "--increment", "m") == ["major", "minor"]
    assert await completed("completion", "") == ["bash", "fish", "zsh"]
    assert await completed("nope", "x") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_completion_scripts_are_printed(desk: Desk, shell: str):
    assert "modelyard __complete" in (await desk.client("completion", shell)).out


async def test_bash_completes_models(churn: Desk, tmp_path: Path):
    script = tmp_path / "modelyard"
    script.write_text(f'#!/bin/sh\nexec "{churn.python}" -m modelyard_client "$@"\n')
    script.chmod(0o755)
    source = (
        f'PATH="{tmp_path}:$PATH"; eval "$(modelyard completion bash)"; COMP_WORDS=(modelyard show ch); COMP_CWORD=2; '
        '_modelyard; echo "${COMPREPLY[@]}"'
    )
    assert (await churn.run("bash", "-c", source)).out == "churn\n"


def test_every_command_declares_itself():
    for command in commands.COMMANDS:
        assert callable(command.run)
        assert callable(command.declare)


async def test_json_has_the_documented_fields(churn: Desk):
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    documented = {
        match[1]: set(match[2].split())
        for match in re.finditer(r"^\| `(\w+)` \| .*?list of `([^`]+)`", page, re.MULTILINE)
    }
    assert set((await done(churn, "models"))["models"][0]) == documented["models"]
    assert set((await done(churn, "versions", "churn"))["versions"][0]) == documented["versions"]
    more = {"params", "metrics", "datasets", "files", "fileCount", "uri"}
    assert set(await done(churn, "show", "churn:1.0.0")) == documented["versions"] | more
    who = re.search(r"^\| `whoami` \| `([^`]+)`", page, re.MULTILINE)
    assert who
    assert set(await done(churn, "whoami")) == set(who[1].split())


def test_every_command_is_documented():
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert [one.name for one in commands.COMMANDS if f"modelyard {one.name}" not in page] == []


def test_tables_are_as_wide_as_what_terminals_show():
    assert (width("abc"), width("模型"), width("é"), width("e\u0301"), width("👍")) == (3, 4, 1, 1, 2)
    rows = table(["A", "B"], [["模型", "x"], ["abc", "a\nb\x1b[2J"]]).splitlines()
    assert rows == ["A     B", "模型  x", "abc   a b\ufffd[2J"]
    assert cut("模型模型", 5) == "模型…"
    narrow = table(["NAME", "TEXT"], [["n" * 40, "t" * 40]], columns=30)
    assert all(width(row) <= 30 for row in narrow.splitlines())
    assert json.dumps(narrow)
