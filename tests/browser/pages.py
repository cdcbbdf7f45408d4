"""All pages, where they are and who may look: for the checks of every page and for the screenshots.

A page that is added to `web/src/routes` gets its entry here; `test_every_page.py` fails until it has one.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from tests.browser.demo.build import RICHEST, Demo

Address = Callable[[Demo], str]


@dataclass(frozen=True)
class Page:
    """A page; ``shown`` is a selector that matches once its data is there, ``viewer`` who looks at it."""

    name: str
    address: Address
    shown: str = "main h1"
    viewer: str = "owner"
    queries: int = 3
    """The most requests for GraphQL until it is shown: the shell's, its own, and one that begins while it is drawn."""
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


def tabs(name: str, address: str, route: str, *names: str, curves: Container[str] = ()) -> tuple[Page, ...]:
    """A page, and each of its further tabs as a page of its own; those in ``curves`` read them with their rows."""
    further = (
        Page(f"{name}-{tab}", within(f"{address}?tab={tab}"), queries=4 if tab in curves else 3, route=route)
        for tab in names
    )
    return (Page(name, within(address), route=route), *further)


MODEL, VERSION = "models/$model", "models/$model/versions/$version"
PAGES: tuple[Page, ...] = (
    Page("home", at("/"), route="/"),
    Page("search", at("/-/search?q=scratch"), route="/-/search"),
    Page("group", at("/{group}"), route="/n/$path"),
    Page("project", at("/{project}"), route="/n/$path"),
    Page("account", at("/-/account"), "main table", route="/-/account"),
    *(Page(f"account-{tab}", at(f"/-/account?tab={tab}"), "main table, main form, main p", route="/-/account")
      for tab in ("sessions", "identities", "password", "log")),
    Page("users", at("/-/admin/users"), "main table", viewer="admin", route="/-/admin/users"),
    *(Page(f"users-{tab}", at(f"/-/admin/users?tab={tab}"), "main table", viewer="admin", route="/-/admin/users")
      for tab in ("invitations", "log")),
    Page("models", within("models"), route="models"),
    Page("model-new", within("new-model"), route="new-model"),
    *tabs("model", "models/{model}", MODEL, "versions", "candidates", "performance", "activity", "settings"),
    # Its head tells which version is the latest; only then can the lineage of that be asked for.
    Page("model-lineage", within("models/{model}?tab=lineage"), queries=4, route=MODEL),
    Page("model-edit", within("models/{model}/edit"), route="models/$model/edit"),
    Page("version-new", within("models/{model}/new-version"), route="models/$model/new-version"),
    *tabs(
        "version", "models/{model}/versions/2.1.0", VERSION,
        "files", "metrics", "evaluations", "lineage", "activity", "use",
    ),
    Page("version-edit", within("models/{model}/versions/2.1.0/edit"), route=f"{VERSION}/edit"),
    Page("version-diff", within("models/{model}/versions/2.1.0/diff"), route=f"{VERSION}/diff"),
    Page("experiments", within("experiments"), route="experiments"),
    Page("experiment", within("experiments/{experiment}"), route="experiments/$number"),
    Page("candidates", within("candidates"), route="candidates"),
    *tabs(
        "candidate", "candidates/{run}", "candidates/$candidate",
        "metrics", "params", "artifacts", "system", "datasets", "models", "children", "ci",
        curves=("metrics", "system", "artifacts"),
    ),
    Page("compare", compared(), shown="main td", queries=4, route="compare"),  # files are rows, too
    Page("compare-curves", compared("curves"), shown="main canvas", queries=4, route="compare"),
    *(
        Page(f"compare-{tab}", compared(tab), shown="main figure", queries=4, route="compare")
        for tab in ("scatter", "parallel", "contour", "box")
    ),
    Page("compare-files", compared("files"), queries=4, route="compare"),  # values, and files of each folder
    Page("uploads", within("uploads"), route="uploads"),
    Page("promotions", within("promotions"), route="promotions"),
    Page("promotion", within("promotions/{promotionRequest}"), queries=4, route="promotions/$request"),
    Page("stages", within("stages"), route="stages"),
    Page("deployments", within("deployments"), route="deployments"),
    Page("jobs", within("jobs"), route="jobs"),
    Page("members", within("members"), route="members"),
    Page("tokens", within("tokens"), route="tokens"),
    Page("webhooks", within("webhooks"), route="webhooks"),
    Page("storage", within("storage"), route="storage"),
    Page("audit", within("audit"), route="audit"),
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
