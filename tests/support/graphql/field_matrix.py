"""Every field of every object type as a question, generated from the schema, and what an answer to it amounts to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_abstract_type, is_non_null_type, is_object_type

from app.graphql.schema import schema

TYPES = schema._schema.type_map
CANDIDATE, VERSION = "candidate(by: {id: $Parent})", "modelVersion(by: {id: $ModelVersion})"
MODEL, PROJECT = "model(by: {id: $Model})", "project(by: {path: $path})"
_DRY_RUN = 'gatesDryRun(input: {model: {id: $Model}, stage: "staging", count: 1})'
FACTS = "modelVersion(by: {id: $ModelVersion}) { facts"
DOORS = {
    "AuditEntry": {"auditLog(project: {path: $path}, first: 1) { nodes @ }": "maintainers"},
    "AccessLogEntry": {f"{PROJECT} {{ accessLog(first: 1) {{ nodes @ }} }}": "maintainers"},
    "Alias": {f"{MODEL} {{ aliases @ }}": "registry", f"{VERSION} {{ aliases @ }}": "registry"},
    "AliasAssignment": {f'{MODEL} {{ aliasHistory(name: "best") {{ nodes @ }} }}': "registry"},
    "Artifact": {
        "artifact(by: {id: $Artifact}) @": "project",  # of a candidate from which a version was made
        "artifact(by: {id: $Quarantined}) @": "project",
        "artifact(by: {id: $Loose}) @": "candidates",
    },
    "ArtifactUpload": {
        "artifactUpload(by: {id: $ArtifactUpload}) @": "members",
        "artifactUpload(by: {id: $Open}) @": "members",
    },
    "ArtifactUploadConnection": {"artifactUploads(owner: {candidate: {id: $Parent}}) @": "candidates"},
    "BackgroundJob": {
        "backgroundJob(by: {id: $BackgroundJob}) @": "members",
        "backgroundJob(by: {id: $Queued}) @": "members",
    },
    "Candidate": {
        "candidate(by: {id: $Parent}) @": "candidates",
        "candidate(by: {id: $Candidate}) @": "candidates",
        "candidate(by: {id: $Trashed}) @": "candidates",
    },
    "CandidateSeries": {'metricSeries(candidateIds: [$Parent], keys: ["loss"]) @': "candidates"},
    "CandidatesComparison": {"candidatesCompare(ids: [$Parent, $Candidate]) @": "candidates"},
    "CiJob": {
        "node(id: $CiJob) { ... on CiJob @ }": "candidates",
        "node(id: $VersionJob) { ... on CiJob @ }": "registry",
    },
    "CiSettings": {f"{PROJECT} {{ ciSettings @ }}": "maintainers"},
    "ComparedMeasurement": {
        "modelVersionsCompare(ids: [$Original, $Other]) { measurements @ }": "candidates of versions"
    },
    "ComparedMetric": {"candidatesCompare(ids: [$Parent, $Candidate]) { metrics @ }": "candidates"},
    "Deployment": {
        "node(id: $Deployment) { ... on Deployment @ }": "members",
        "node(id: $EndedDeployment) { ... on Deployment @ }": "members",
    },
    "Derivation": {
        "node(id: $Derivation) { ... on Derivation @ }": "registry",
        f"{VERSION} {{ derivations @ }}": "registry",
    },
    "Gate": {"node(id: $Gate) { ... on Gate @ }": "registry"},
    "GateSet": {"node(id: $GateSet) { ... on GateSet @ }": "registry"},
    "GateKind": {"gateKinds @": "open"},
    "GatesDryRun": {f"{_DRY_RUN} @": "registry and candidates"},
    "GatesDryRunVersion": {f"{_DRY_RUN} {{ versions @ }}": "registry and candidates"},
    "Evaluation": {
        "node(id: $Evaluation) { ... on Evaluation @ }": "registry",
        "node(id: $WrongEvaluation) { ... on Evaluation @ }": "registry",
    },
    "Experiment": {
        "experiment(by: {id: $Own}) @": "candidates",
        "experiment(by: {id: $Experiment}) @": "candidates",
        f"{PROJECT} {{ experiments(view: DELETED) {{ nodes @ }} }}": "candidates",
    },
    "FactConflict": {f"{FACTS} {{ hyperParameters {{ conflicts @ }} }} }}": "candidates of versions"},
    "FactConflictValue": {f"{FACTS} {{ hyperParameters {{ conflicts {{ values @ }} }} }} }}": "candidates of versions"},
    "FactStatement": {f"{FACTS} {{ environment {{ statements @ }} }} }}": "registry"},
    "Group": {
        "group(by: {path: $group}) @": "project",
        "group(by: {path: $group}) { groups(first: 1) { nodes @ } }": "owners of the group",
    },
    "HyperParameters": {f"{FACTS} {{ hyperParameters @ }} }}": "registry"},
    "Identity": {"node(id: $Identity) { ... on Identity @ }": "oneself"},
    "Invitation": {f"{PROJECT} {{ invitations(first: 4) {{ nodes @ }} }}": "owners"},
    "InvitationMembership": {f"{PROJECT} {{ invitations(first: 4) {{ nodes {{ memberships @ }} }} }}": "owners"},
    "Lineage": {f"{VERSION} {{ lineage(direction: UPSTREAM, maxSteps: 1) @ }}": "registry"},
    "LineageEntry": {
        f"{VERSION} {{ lineage(direction: UPSTREAM, maxSteps: 1) {{ entries(last: 2) {{ nodes @ }} }} }}": "registry",
        f"{VERSION} {{ lineage(direction: DOWNSTREAM) {{ entries {{ nodes @ }} }} }}": "members",
    },
    "LoggedModel": {"loggedModel(by: {id: $LoggedModel}) @": "candidates"},
    "LoggedModelMetric": {"loggedModel(by: {id: $LoggedModel}) { metrics @ }": "candidates"},
    "LoggedModelUse": {
        f"{CANDIDATE} {{ loggedModelInputs @ }}": "candidates",
        f"{CANDIDATE} {{ loggedModelOutputs @ }}": "candidates",
    },
    "MeasuredMetrics": {f"{FACTS} {{ metrics @ }} }}": "registry"},
    "Member": {f"{PROJECT} {{ members(first: 3) {{ nodes @ }} }}": "members"},
    "Metric": {f"{CANDIDATE} {{ metrics @ }}": "candidates"},
    "Model": {
        "model(by: {id: $Model}) @": "registry",
        f"{PROJECT} {{ models(view: DELETED, first: 1) {{ nodes @ }} }}": "writers",
    },
    "ModelVersion": {
        "modelVersion(by: {id: $ModelVersion}) @": "registry",
        "modelVersion(by: {id: $Foldered}) @": "registry",
        f"{MODEL} {{ versions(view: DELETED, first: 1) {{ nodes @ }} }}": "writers",
    },
    "ModelVersionDiff": {
        "modelVersionDiff(by: {id: $Foldered}, base: {id: $ModelVersion}) @": "registry",
        "modelVersionDiff(by: {id: $Original}, base: {id: $Other}) @": "registry",
    },
    "ModelVersionManifest": {"modelVersionManifest(by: {id: $ModelVersion}) @": "registry"},
    "ModelVersionSeal": {f"{VERSION} {{ seal @ }}": "registry"},
    "ModelVersionWithdrawal": {f"{VERSION} {{ withdrawals @ }}": "registry"},
    "ModelVersionFacts": {f"{FACTS} @ }}": "registry"},
    "ModelVersionMetric": {"modelVersion(by: {id: $Original}) { metrics @ }": "candidates of versions"},
    "ModelVersionsComparison": {"modelVersionsCompare(ids: [$ModelVersion, $Foldered]) @": "registry"},
    "OnlineArm": {f"{PROJECT} {{ onlineExperiments {{ nodes {{ arms @ }} }} }}": "registry"},
    "OnlineExperiment": {"node(id: $OnlineExperiment) { ... on OnlineExperiment @ }": "registry"},
    "Protection": {
        f"{PROJECT} {{ protections @ }}": "registry",
        "node(id: $Protection) { ... on Protection @ }": "registry",
    },
    "Stage": {
        f"{PROJECT} {{ stages @ }}": "registry",
        "node(id: $Stage) { ... on Stage @ }": "registry",
    },
    "StageAssignment": {f"{MODEL} {{ stageHistory(first: 3) {{ nodes @ }} }}": "registry"},
    "Project": {"project(by: {path: $path}) @": "project"},
    "Promotion": {"node(id: $Promotion) { ... on Promotion @ }": "registry"},
    "PromotionApproval": {
        f"{VERSION} {{ promotionRequests(first: 1) {{ nodes {{ approvals @ }} }} }}": "registry",
    },
    "PromotionCheck": {'promotionCheck(modelVersion: {id: $ModelVersion}, stage: "archived") @': "registry"},
    "PromotionRequest": {
        "node(id: $PromotionRequest) { ... on PromotionRequest @ }": "registry",
        f"{VERSION} {{ promotionRequests(first: 1) {{ nodes @ }} }}": "registry",
    },
    "PromotionRequestEvent": {
        f"{VERSION} {{ promotionRequests(first: 1) {{ nodes {{ events(first: 1) {{ nodes @ }} }} }} }}": "registry",
    },
    "ProjectStorage": {f"{PROJECT} {{ storage @ }}": "project"},
    "Pull": {f"{VERSION} {{ pulls(first: 1) {{ nodes @ }} }}": "members"},
    "SearchResultConnection": {'search(project: {path: $path}, search: "digits", first: 20) @': "project"},
    "RuntimeEnvironment": {f"{FACTS} {{ environment @ }} }}": "registry"},
    "ServiceAccount": {f"{PROJECT} {{ serviceAccounts(first: 1) {{ nodes @ }} }}": "maintainers"},
    "SignInMethods": {"signInMethods @": "open"},
    "Session": {
        "node(id: $Session) { ... on Session @ }": "oneself",
        "node(id: $EndedSession) { ... on Session @ }": "oneself",
    },
    "SourceCommit": {f"{FACTS} {{ sourceCommit @ }} }}": "registry"},
    "StageOfVersion": {f"{FACTS} {{ stageOfVersion @ }} }}": "registry"},
    "Token": {
        f"{PROJECT} {{ tokens(first: 2) {{ nodes @ }} }}": "maintainers",
        "group(by: {path: $group}) { tokens { nodes @ } }": "owners",
    },
    "TrainingData": {f"{FACTS} {{ trainingData @ }} }}": "registry"},
    "User": {"node(id: $User) { ... on User @ }": "members"},
    "Viewer": {"viewer @": "signed in"},
    "Webhook": {"node(id: $Webhook) { ... on Webhook @ }": "maintainers"},
    "WebhookDelivery": {"node(id: $WebhookDelivery) { ... on WebhookDelivery @ }": "maintainers"},
}
"""How to come to objects of a type, in such numbers that each of its fields has a value in one of them, and who does;
`@` stands for what is asked of them. All other types are asked for whole, wherever a field leads to them."""
ARGUMENTS = {
    "Candidate.metricHistory": '(key: "loss", first: 2)',
    "Candidate.metricSample": '(key: "loss", maxPoints: 2)',
    "Candidate.metricSeries": '(keys: ["loss"], maxPoints: 4)',
    "Lineage.entries": "(first: 50)",
    "Model.aliasHistory": '(name: "best", first: 2)',
    "ModelVersion.lineage": "(direction: UPSTREAM)",
    "OnlineArm.metricHistory": '(key: "clicks", first: 2)',
    "Project.candidateSearch": "(experimentIds: [$Experiment], first: 1)",
    "Project.experimentSearch": "(first: 1)",
    "Project.loggedModelSearch": "(experimentIds: [$Experiment], first: 1)",
    "Project.modelSearch": "(first: 1)",
    "Project.modelVersionSearch": "(first: 1)",
}
"""For fields that cannot be asked without, or not fully."""


@dataclass(frozen=True)
class Question:
    """Some fields of all objects behind one door."""

    kind: str
    door: str
    fields: tuple[str, ...]

    @property
    def depth(self) -> int:
        """How many fields below the first one lead to the objects."""
        bare = re.sub(r"\([^)]*\)", "", self.door.partition("@")[0])
        return bare.count("{") - bare.count("... on")

    def text(self, alias: str) -> str:
        selections = " ".join(field_selection(self.kind, name) for name in self.fields)
        return f"{alias}: {self.door.replace('@', f'{{ __typename {selections} }}')}"


@dataclass(frozen=True)
class Answer:
    """The objects that were found, in their order; the codes of errors by the field at which they happened."""

    objects: list[dict[str, Any]]
    codes: dict[str, str]


def target(kind: str, name: str) -> Any:
    return get_named_type(TYPES[kind].fields[name].type)


def is_container(kind: Any) -> bool:
    """Whether it only holds a page of others."""
    return is_object_type(kind) and ("nodes" in kind.fields or kind.name.endswith("Edge"))


def leads_to_objects(kind: str, name: str) -> bool:
    """Whether more than values comes with the field: objects that have a door of their own."""
    return any(is_object_type(one) and one.name in DOORS for one in within(target(kind, name)))


def within(kind: Any) -> Iterator[Any]:
    """The type, and those that come along with it."""
    yield kind
    if is_object_type(kind) and kind.name not in DOORS:
        for name in kind.fields:
            yield from within(target(kind.name, name))


def field_selection(kind: str, name: str) -> str:
    field = TYPES[kind].fields[name]
    paged = "(first: 2)" if {"first", "last"} <= set(field.args) else ""
    return f"{name}{ARGUMENTS.get(f'{kind}.{name}', paged)} {selection(get_named_type(field.type))}"


def selection(kind: Any) -> str:
    """All of a value or a page; of what has a door of its own only enough to tell which one it is."""
    if is_abstract_type(kind):
        return "{ ... on Node { id } }"
    if not is_object_type(kind):
        return ""
    if kind.name in DOORS:
        return f"{{ {name_of(kind)} }}"
    return f"{{ {' '.join(field_selection(kind.name, name) for name in kind.fields)} }}"


def name_of(kind: GraphQLObjectType) -> str:
    """The field by which objects of a type are told apart."""
    if kind.name == "LineageEntry":
        return "step relation parentId baseName"
    first = next(name for name in ("id", "name", "key", "step", *kind.fields) if name in kind.fields)
    return field_selection(kind.name, first)


def documents(questions: Sequence[Question], variables: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """The questions in as few documents as the limits allow: text, variables, and what each alias asks."""
    pages: list[dict[str, Question]] = [{}]
    size = 0
    for number, question in enumerate(questions):
        more = len(re.findall(r"[\w$]+|[^\s\w]", question.text("a")))
        if pages[-1] and (len(pages[-1]) == 20 or size + more > 2600 or is_never_null(question)):
            pages.append({})
            size = 0
        pages[-1][f"q{number}"] = question
        size = 2600 if is_never_null(question) else size + more
    for page in pages:
        body = "\n".join(question.text(alias) for alias, question in page.items())
        used = {name: value for name, value in variables.items() if re.search(rf"\${name}\b", body)}
        head = ", ".join(f"${name}: {'ID!' if name[0].isupper() else 'String!'}" for name in used)
        yield f"query q({head}) {{ {body} }}" if head else f"{{ {body} }}", used, page


def is_never_null(question: Question) -> bool:
    """Whether an error behind this door leaves no data at all, so that nothing is asked beside it."""
    root = re.match(r"\w+", question.door)
    assert root
    return is_non_null_type(TYPES["Query"].fields[root[0]].type)


def read(body: dict[str, Any], page: dict[str, Question]) -> Iterator[tuple[Question, Answer]]:
    """What every question of a document was answered."""
    errors: dict[str, dict[str, str]] = {alias: {} for alias in page}
    for error in body.get("errors", []):
        alias, *path = error["path"]
        inner = [part for part in path if isinstance(part, str)][page[alias].depth :]
        errors[alias][inner[0] if inner else ""] = error["extensions"]["code"]
    for alias, question in page.items():
        met = list(objects((body["data"] or {}).get(alias)))
        yield question, Answer(met, errors[alias])


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """What a door led to."""
    if isinstance(value, dict):
        if "__typename" in value:
            yield value
        else:
            for one in value.values():
                yield from objects(one)
    elif isinstance(value, list):
        for one in value:
            yield from objects(one)


def is_real(value: Any) -> bool:
    """Whether there is something to hide; of objects and pages, within any of their parts."""
    if isinstance(value, dict):
        return any(is_real(one) for name, one in value.items() if name not in {"pageInfo", "totalCount", "hasNextPage"})
    if isinstance(value, list):
        return any(is_real(one) for one in value)
    return value is not None and value != ""


def compared(value: Any) -> Any:
    """Without what links differ in from one moment to the next."""
    if isinstance(value, dict):
        return {name: compared(one) for name, one in value.items()}
    if isinstance(value, list):
        return [compared(one) for one in value]
    return value.partition("?")[0] if isinstance(value, str) and "://" in value else value


def leaves(kind: str, name: str, values: Iterable[Any]) -> set[str]:
    """The fields, this one and those within its values, that have something to show."""
    shown: set[str] = set()
    field = target(kind, name)
    for value in values:
        flat = list(_flat(value))
        if any(is_real(one) for one in flat):
            shown.add(f"{kind}.{name}")
        if is_object_type(field) and field.name not in DOORS:
            for one in field.fields:
                shown |= leaves(field.name, one, [item[one] for item in flat if isinstance(item, dict)])
    return shown


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def everything() -> set[str]:
    """All fields that a query can reach; what mutations, subscriptions and checks answer is looked at elsewhere."""
    reachable: set[str] = set()
    ways = [get_named_type(field.type) for name, field in TYPES["Query"].fields.items() if not name.endswith("Check")]
    while ways:
        kind = ways.pop()
        members = schema._schema.get_possible_types(kind) if is_abstract_type(kind) else [kind]
        for one in members:
            names = {f"{one.name}.{name}" for name in getattr(one, "fields", {})} if is_object_type(one) else set()
            if names - reachable:
                reachable |= names
                ways += [get_named_type(field.type) for field in one.fields.values()]
    return reachable
