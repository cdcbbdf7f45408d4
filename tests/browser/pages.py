"""All pages, where they are and who may look: for the checks of every page and for the screenshots.

A page that is added to `web/src/routes` gets its entry here; `test_every_page.py` fails until it has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from tests.browser.demo.build import RICHEST, Demo
from tests.support.browser.first_row import ROWS

Address = Callable[[Demo], str]
_NONE: Mapping[str, str] = {}
TEXTS = f"{ROWS}, main p, main [class*=value], main section h2"
"""For pages that have no rows in the demo: what they say instead."""


@dataclass(frozen=True)
class Page:
    """A page; ``shown`` is a selector that matches once its data is there, ``viewer`` who looks at it."""

    name: str
    address: Address
    shown: str = "main h1"
    row: str = ROWS
    """A selector of its first row; what has no rows has something else that is read first."""
    viewer: str = "owner"
    route: str = ""
    """The path of its route, as the router has it."""


def within(path: str) -> Address:
    """An address of the project; ``path`` may name `{model}`, `{experiment}` and keys of ``Demo.ids``."""

    def address(demo: Demo) -> str:
        names = {
            "model": demo.model,
            "experiment": str(demo.experiment),
            "run": demo.candidates[RICHEST],
            "both": ",".join(demo.candidates[:4]),
        }
        quoted = {key: quote(name, safe="") for key, name in (demo.ids | names).items()}
        return f"/{demo.project}/-/{path.format(**quoted)}"

    return address


def at(path: str) -> Address:
    """An address of the installation, of a group or of a project."""
    return lambda demo: path.format(group=demo.group, project=demo.project)


def compared(tab: str = "values") -> Address:
    """The comparison of six candidates, of which some have files."""
    return lambda demo: f"/{demo.project}/-/compare?candidates={','.join(demo.candidates[2:8])}&tab={tab}"


def tabs(name: str, address: str, route: str, *names: str, rows: Mapping[str, str] = _NONE) -> tuple[Page, ...]:
    """A page, and each of its further tabs as a page of its own; ``rows`` says what a tab shows first, if no rows."""
    further = (
        Page(f"{name}-{tab}", within(f"{address}?tab={tab}"), route=route, row=rows.get(tab, ROWS)) for tab in names
    )
    return (Page(name, within(address), route=route), *further)


MODEL, VERSION = "models/$model", "models/$model/versions/$version"
PAGES: tuple[Page, ...] = (
    Page("home", at("/"), route="/"),
    Page("search", at("/-/search?q=scratch"), route="/-/search"),
    Page("group", at("/{group}"), route="/n/$path"),
    Page("project", at("/{project}"), route="/n/$path"),
    Page("account", at("/-/account"), "main table", route="/-/account"),
    *(Page(f"account-{tab}", at(f"/-/account?tab={tab}"), "main table, main form, main p", TEXTS, route="/-/account")
      for tab in ("sessions", "identities", "password", "log")),
    Page("users", at("/-/admin/users"), "main table", viewer="admin", route="/-/admin/users"),
    *(Page(f"users-{tab}", at(f"/-/admin/users?tab={tab}"), "main table", viewer="admin", route="/-/admin/users")
      for tab in ("invitations", "log")),
    Page("models", within("models"), route="models"),
    Page("model-new", within("new-model"), route="new-model"),
    *tabs(
        "model", "models/{model}", MODEL,
        "versions", "candidates", "performance", "lineage", "activity", "settings",
        rows={"candidates": TEXTS},
    ),
    Page("model-edit", within("models/{model}/edit"), route="models/$model/edit"),
    Page("version-new", within("models/{model}/new-version"), route="models/$model/new-version"),
    *tabs(
        "version", "models/{model}/versions/2.1.0", VERSION,
        "files", "metrics", "evaluations", "lineage", "activity", "use",
        rows={"use": "main pre"},
    ),
    Page("version-edit", within("models/{model}/versions/2.1.0/edit"), route=f"{VERSION}/edit"),
    Page("version-diff", within("models/{model}/versions/2.1.0/diff"), route=f"{VERSION}/diff"),
    Page("experiments", within("experiments"), route="experiments"),
    Page("experiment", within("experiments/{experiment}"), route="experiments/$number"),
    Page("candidates", within("candidates"), route="candidates"),
    *tabs(
        "candidate", "candidates/{run}", "candidates/$candidate",
        "metrics", "params", "artifacts", "system", "datasets", "models", "children", "ci",
        rows={"ci": TEXTS},
    ),
    Page("compare", compared(), shown="main td", route="compare"),  # files are rows, too
    Page("compare-curves", compared("curves"), shown="main canvas", route="compare"),
    *(
        Page(f"compare-{tab}", compared(tab), shown="main figure", route="compare")
        for tab in ("scatter", "parallel", "contour", "box")
    ),
    Page("compare-files", compared("files"), route="compare"),  # values, and files of each folder
    Page("uploads", within("uploads"), row=TEXTS, route="uploads"),
    Page("promotions", within("promotions"), route="promotions"),
    Page("promotion", within("promotions/{promotionRequest}"), route="promotions/$request"),
    Page("stages", within("stages"), route="stages"),
    Page("deployments", within("deployments"), route="deployments"),
    Page("jobs", within("jobs"), route="jobs"),
    Page("members", within("members"), route="members"),
    Page("tokens", within("tokens"), route="tokens"),
    Page("webhooks", within("webhooks"), route="webhooks"),
    Page("storage", within("storage"), row=TEXTS, route="storage"),
    Page("audit", within("audit"), row=TEXTS, route="audit"),
    Page("settings", within("settings"), route="settings"),
    Page("account", at("/-/account"), route="/-/account"),
    Page("account-tokens", at("/-/account?tab=tokens"), route="/-/account"),
    Page("users", at("/-/admin/users"), viewer="admin", route="/-/admin/users"),
    Page("invitations", at("/-/admin/users?tab=invitations"), viewer="admin", route="/-/admin/users"),
)  # fmt: skip
NOT_PAGES = {"/-/mlflow", "/-/kit", "ml/$"}
"""Routes that lead on to other pages, and one of development."""


def named(names: Iterable[str]) -> list[Page]:
    """The pages of these names; all, if none is given."""
    chosen = set(names)
    return [page for page in PAGES if not chosen or page.name in chosen]
