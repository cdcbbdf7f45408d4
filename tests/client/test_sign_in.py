"""A machine without environment variables: signed in by a browser or a token, at work, and signed out."""

from __future__ import annotations

import asyncio
import json
import os
import re
import stat
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import TestProject, new_person
from tests.support.access.devices import decide
from tests.support.access.signed_in import sign_in
from tests.support.client.machine import Ended, Machine
from tests.support.mlflow.client import NEWEST

CODE = re.compile(r"enter the code ([A-Z]{4}-[A-Z]{4})")
VIEWER = "{ viewer { user { username } } }"


@pytest.fixture
def machine(tmp_path: Path, worker: None) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
async def browser(project: TestProject, url: str):
    return await sign_in(project.runtime, project.owner, url)


@pytest.fixture
def login(http, browser, url, project):
    """`modelyard login` of a person who enters the code in a browser."""

    async def signed_in(machine: Machine, *more: str, decision: str = "allow", **variables: str) -> Ended:
        process = await machine.begin("login", url, *more, **variables)
        said = ""
        while not (code := CODE.search(said)):
            row = await asyncio.wait_for(process.stderr.readline(), 60)
            assert row, said
            said += row.decode()
        await decide(http, browser, code[1], decision)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return Ended(process.returncode or 0, out.decode(), said + err.decode())

    return signed_in


@pytest.fixture
async def username(runtime, project: TestProject) -> str:
    return str(project.owner.username)


async def works(http, token: str) -> bool:
    answer = await http.post("/graphql", json={"query": VIEWER}, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200 and answer.json()["data"]["viewer"] is not None


def kept(machine: Machine) -> dict:
    return json.loads(machine.profiles.read_text())


async def test_a_person_signs_in_works_and_signs_out(machine: Machine, login, http, url, project, username):
    (machine.home / "model.bin").write_bytes(b"weights")
    host = url.split("//")[1]
    done = await login(machine, "--project", project.path)
    assert (done.code, done.out.splitlines()[0]) == (0, f"Signed in at {url} as {username}.")
    assert f"Open {url}/device\n" in done.err
    who = await machine.run("whoami", "--json")
    assert {name: who.json[name] for name in ("username", "url", "project", "source", "profile")} == {
        "username": username,
        "url": url,
        "project": project.path,
        "source": f"in the profile {host}",
        "profile": host,
    }
    assert who.json["tokenName"].startswith("modelyard on ")
    pushed = await machine.run("push", "churn", "model.bin", "--json")
    assert (pushed.code, pushed.json["version"]) == (0, "1.0.0"), pushed
    pulled = await machine.run("pull", "churn", "out")
    assert (pulled.code, (machine.home / "out" / "model.bin").read_bytes()) == (0, b"weights")
    token = kept(machine)["profiles"][host]["token"]
    assert await works(http, token)
    out = await machine.run("logout")
    assert (out.code, out.out) == (0, f"Signed out at {url} (profile {host}).\n")
    assert not await works(http, token)
    assert kept(machine) == {"format": 1, "default": None, "profiles": {}}
    signed_out = await machine.run("models", "--json")
    assert (signed_out.code, signed_out.json["error"]["code"]) == (2, "USAGE")
    refused = await machine.run(
        "models", "--json", MODELYARD_URL=url, MODELYARD_TOKEN=token, MODELYARD_PROJECT=project.path
    )
    assert (refused.code, refused.json["error"]["code"]) == (6, "UNAUTHENTICATED")


async def test_only_its_owner_may_read_the_token(machine: Machine, login):
    assert (await login(machine)).code == 0
    assert stat.S_IMODE(machine.profiles.stat().st_mode) == 0o600
    assert stat.S_IMODE(machine.profiles.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in machine.profiles.parent.iterdir()) == ["profiles.json", "profiles.lock"]
    machine.profiles.chmod(0o640)
    refused = await machine.run("whoami")
    assert refused.code == 2
    assert "has mode 0640, so others may read its tokens" in refused.err
    machine.profiles.chmod(0o600)
    assert (await machine.run("whoami")).code == 0


async def test_a_file_that_cannot_be_written_is_told_before_the_sign_in(machine: Machine, url, project):
    (machine.home / ".config").write_text("a file, where a folder has to be")
    for words in ((), ("--token", "-")):
        refused = await machine.run("login", url, *words, "--json", given=project.token)
        assert (refused.code, refused.json["error"]["code"], "enter the code" in refused.err) == (
            1,
            "UNWRITABLE",
            False,
        )


async def test_a_refusal_in_the_browser_is_told(machine: Machine, login):
    refused = await login(machine, "--json", decision="refuse")
    assert (refused.code, refused.json["error"]["code"]) == (7, "DENIED")
    assert not machine.profiles.exists()


async def test_a_token_made_elsewhere_signs_in(machine: Machine, url, project, username, http):
    done = await machine.run("login", url, "--token", "-", "--json", given=f"{project.token}\n")
    assert (done.code, done.json["username"], done.json["storage"]) == (0, username, "file")
    assert (await machine.run("whoami", "--json")).json["username"] == username
    wrong = await machine.run("login", url, "--token", "-", "--json", given="myt_" + "x" * 40)
    assert (wrong.code, wrong.json["error"]["code"]) == (6, "UNAUTHENTICATED")
    nothing = await machine.run("login", url, "--token", "-")
    assert (nothing.code, "There is no token on standard input" in nothing.err) == (2, True)
    assert (await machine.run("whoami")).code == 0, "what did not work replaced nothing"
    assert (await machine.run("logout", "--keep-token")).code == 0
    assert await works(http, project.token)


async def test_another_sign_in_replaces_the_token_and_revokes_it(machine: Machine, login, http, url):
    host = url.split("//")[1]
    assert (await login(machine)).code == 0
    first = kept(machine)["profiles"][host]["token"]
    assert (await login(machine)).code == 0
    second = kept(machine)["profiles"][host]["token"]
    assert (await works(http, first), await works(http, second)) == (False, True)


async def test_a_pasted_token_is_not_revoked_by_the_next_sign_in(machine: Machine, login, http, url, project):
    assert (await machine.run("login", url, "--token", "-", given=project.token)).code == 0
    assert (await login(machine)).code == 0
    assert await works(http, project.token)


async def test_two_sign_ins_at_once_leave_two_profiles(machine: Machine, login, http):
    done = await asyncio.gather(login(machine, "--profile", "a"), login(machine, "--profile", "b"))
    assert [one.code for one in done] == [0, 0]
    profiles = kept(machine)["profiles"]
    assert sorted(profiles) == ["a", "b"]
    assert [await works(http, one["token"]) for one in profiles.values()] == [True, True]


async def test_two_sign_ins_at_once_to_one_profile_leave_one_token(machine: Machine, login, http, project):
    async def living() -> int:
        query = "{ viewer { tokens(first: 100) { nodes { revokedAt } } } }"
        answer = await http.post("/graphql", json={"query": query}, headers=project.headers)
        return sum(one["revokedAt"] is None for one in answer.json()["data"]["viewer"]["tokens"]["nodes"])

    before = await living()
    done = await asyncio.gather(login(machine, "--profile", "a"), login(machine, "--profile", "a"))
    assert [one.code for one in done] == [0, 0]
    assert await works(http, kept(machine)["profiles"]["a"]["token"])
    assert await living() == before + 1


async def test_profiles_are_listed_chosen_and_removed(machine: Machine, login, url, project, runtime, admin):
    other = await new_person(runtime, admin, f"other-{uuid4().hex[:12]}")
    assert (await login(machine, "--profile", "work")).code == 0
    assert (await machine.run("login", url, "--profile", "bot", "--token", "-", given=other.token)).code == 0
    listed = (await machine.run("profiles", "list", "--json")).json
    assert (listed["default"], [one["name"] for one in listed["profiles"]]) == ("bot", ["bot", "work"])
    assert "token" not in json.dumps(listed).lower().replace("storage", "")
    used = await machine.run("profiles", "use", "work", "--project", project.path)
    assert (used.code, url in used.out) == (0, True)
    assert (await machine.run("whoami", "--json")).json["project"] == project.path
    assert (await machine.run("whoami", "--profile", "bot", "--json")).json["username"] == other.actor.username
    assert (await machine.run("whoami", "--json", MODELYARD_PROFILE="bot")).json["profile"] == "bot"
    missing = await machine.run("whoami", MODELYARD_PROFILE="nope")
    assert (missing.code, "There is no profile `nope`; there is bot, work." in missing.err) == (2, True)
    assert (await machine.run("profiles", "remove", "work")).code == 0
    assert (await machine.run("whoami", "--json")).json["profile"] == "bot"


async def test_signing_out_works_while_the_service_is_away(machine: Machine, login, url):
    assert (await login(machine)).code == 0
    (profile,) = kept(machine)["profiles"].values()
    machine.profiles.write_text(machine.profiles.read_text().replace(url, "http://127.0.0.1:1"))
    done = await machine.run("logout", MODELYARD_RETRY_SECONDS="0.2")
    assert done.code == 0
    assert "The token could not be revoked at http://127.0.0.1:1" in done.err
    assert profile["token"] not in machine.profiles.read_text()


async def test_a_token_that_was_made_elsewhere_is_forgotten_and_goes_on(machine: Machine, http, url, runtime, admin):
    person = await new_person(runtime, admin, f"person-{uuid4().hex[:12]}")
    assert (await machine.run("login", url, "--token", "-", given=person.token)).code == 0
    done = await machine.run("logout")
    assert (done.code, "made elsewhere" in done.err) == (0, True)
    assert person.token not in machine.profiles.read_text()
    assert await works(http, person.token)


async def test_the_environment_comes_before_the_profile_and_a_named_profile_before_the_environment(
    machine: Machine, url, project, runtime, admin, username
):
    other = await new_person(runtime, admin, f"other-{uuid4().hex[:12]}")
    assert (await machine.run("login", url, "--token", "-", "--profile", "p", given=project.token)).code == 0
    variables = {"MODELYARD_URL": url, "MODELYARD_TOKEN": other.token}
    assert (await machine.run("whoami", "--json", **variables)).json["username"] == other.actor.username
    assert (await machine.run("whoami", "--json", "--profile", "p", **variables)).json["username"] == username
    halved = await machine.run("whoami", MODELYARD_URL=url)
    assert (halved.code, "MODELYARD_TOKEN is missing in the environment" in halved.err) == (2, True)


async def test_env_is_for_a_shell_to_evaluate(machine: Machine, url, project):
    assert (await machine.run("login", url, "--token", "-", given=project.token)).code == 0
    script = (
        'MLFLOW_TRACKING_USERNAME=left; eval "$("$@" env "a b/c\'d")"; '
        'printf "%s\\n" "$MODELYARD_URL" "$MODELYARD_TOKEN" "$MODELYARD_PROJECT" "$MLFLOW_TRACKING_URI" '
        '"$MLFLOW_TRACKING_TOKEN" "${MLFLOW_TRACKING_USERNAME-unset}"; '
        'eval "$("$@" env --unset)"; echo "${MODELYARD_TOKEN-unset}"'
    )
    shell = Machine(machine.home, ("sh", "-c", script, "sh", *machine.program))
    done = await shell.run()
    assert done.out.splitlines() == [
        url,
        project.token,
        "a b/c'd",
        f"{url}/api/v4/projects/a%20b%2Fc%27d/ml/mlflow",
        project.token,
        "unset",
        "unset",
    ], done
    none = await machine.run("env")
    assert (none.code, none.out) == (2, ""), "nothing half is evaluated"


async def test_the_variables_of_env_serve_the_rest_interface(machine: Machine, url, project, http):
    assert (await machine.run("login", url, "--token", "-", given=project.token)).code == 0
    values = (await machine.run("env", project.path, "--json")).json["set"]
    answer = await http.post(
        f"{values['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/experiments/search",
        json={"max_results": 1},
        headers={"Authorization": f"Bearer {values['MLFLOW_TRACKING_TOKEN']}"},
    )
    assert answer.status_code == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
async def test_a_file_of_another_user_is_not_read(machine: Machine, url, project):
    assert (await machine.run("login", url, "--token", "-", given=project.token)).code == 0
    os.chown(machine.profiles, 12345, 12345)
    refused = await machine.run("whoami")
    assert (refused.code, "belongs to another user" in refused.err) == (2, True)


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"format": 1}', '{"format": 2, "profiles": {}}', "[" * 100_000])
async def test_a_damaged_file_is_told(machine: Machine, damage: str):
    machine.profiles.parent.mkdir(parents=True)
    machine.profiles.write_text(damage)
    machine.profiles.chmod(0o600)
    refused = await machine.run("models")
    assert (refused.code, str(machine.profiles) in refused.err, "Traceback" in refused.err) == (2, True, False)


async def test_no_address_is_told(machine: Machine):
    refused = await machine.run("login")
    assert (refused.code, "Say where: `modelyard login https://models.example.org`." in refused.err) == (2, True)
    wrong = await machine.run("login", "models.example.org")
    assert (wrong.code, "must be like https://" in wrong.err) == (2, True)


async def test_env_serves_the_unmodified_mlflow_client(machine: Machine, url, project):
    if not NEWEST.exists():
        pytest.skip("MLflow's client is not installed here")
    assert (await machine.run("login", url, "--token", "-", given=project.token)).code == 0
    script = (
        'eval "$("$@" env "$MEANT")"; exec "$MLFLOW_PYTHON" -c "'
        "import mlflow; mlflow.set_experiment('e'); run = mlflow.start_run(); mlflow.log_metric('auc', 0.5); "
        'mlflow.end_run(); print(mlflow.get_run(run.info.run_id).data.metrics)"'
    )
    shell = Machine(machine.home, ("sh", "-c", script, "sh", *machine.program))
    variables = {
        "MEANT": project.path,
        "MLFLOW_PYTHON": str(NEWEST),
        "MLFLOW_TRACKING_USERNAME": "left",
        "PYTHONWARNINGS": "",
    }
    done = await shell.run(**variables)
    assert done.out.splitlines()[-1:] == ["{'auc': 0.5}"], done
