"""The grammar of names in the schema (docs/graphql.md, "How names are made"), as rules that answer their exceptions.

A rule takes the schema and yields the coordinate of each name that does not keep to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_object_type,
    is_required_input_field,
)

Rule = Callable[[GraphQLSchema], Iterator[str]]
RULES: dict[str, Rule] = {}

VERBS = (
    "Abort Approve Cancel Change Comment Complete Conclude Copy Create Deactivate Delete End Heartbeat Invite "
    "LimitsUpdate Link Log Promote Reactivate Refresh Register Reject Release Renew Replay Restore Retry "
    "Revoke Rotate Set StageSet Test Transfer Unlink Update Withdraw "
    "Deprecate Seal Undeprecate Unyank Yank Retire Rollback"
).split()
ENDS = {"Delete", "Unlink", "Revoke"}
"""Verbs after which something is gone: their payloads answer ``deletedId``."""
ANSWERED = {
    "userInvite": "invitation",
    "userPasswordResetCreate": "user",
    "passwordChange": "user",
    "gatesSet": "gateSet",
}
"""What a mutation answers if not its noun: that is not there yet, or is no object."""
WITHOUT_TYPE = {"UserPasswordReset", "Password"}
"""What is made and handed out at once, or never shown, so that it has no id."""
NAMED_BY_OWNER = {"Alias", "CiSettings", "Member", "Stage", "Protection"}
"""Types that mutations name by their owner and name, since they are set before they have an id."""
REFERRED = {"object", "deleted", "parent", "loggedModelInput"}
"""What an id is of, beside the nouns of types."""
CI_NOUNS = {"external", "ciProject", "ciOwner", "pipeline"}
"""Things of a CI system, which has ids of its own."""
INPUT_ENDINGS = ("Filter", "Input", "Lookup", "Name", "Order", "Patch", "Path")
PAGE = {"first", "after", "last", "before"}
NUMBERS = re.compile(
    r"(\w+Count|\w+Status|number|position|(\w+S|s)ize|offset|step|timestamp|done|total|max\w+|\w+Limit|\w+Limit|mergeRequestIid)"
)
BOOLEANS = re.compile(r"(is|has|allows|already|viewerCan)[A-Z]\w*|differs")
OTHER_REASONS = re.compile(r"(last)?[eE]rror(Message)?|reason|stateReason|failureReason|message")
NODE_ROLES = {"base", "parent", "children", "node", "nodes", "object", "sides", "replayOf", "replaced"}
"""What a field that answers a node may be called beside the noun of its type."""
PLAIN = re.compile(
    r"\b(wish\w*|somebody|nobody|everybody|anybody|whoever|where \w+ begins|what became of|the end of)\b", re.IGNORECASE
)


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register a rule under the name by which docs/graphql.md and the test know it."""

    def register(check: Rule) -> Rule:
        RULES[name] = check
        return check

    return register


def exceptions(schema: GraphQLSchema) -> dict[str, list[str]]:
    """The exceptions to each rule, by its name."""
    return {name: sorted(check(schema)) for name, check in RULES.items()}


@rule("ids")
def ids(schema: GraphQLSchema) -> Iterator[str]:
    """What is of type ID is called `id`, `ids`, `<noun>Id` or `<noun>Ids`."""
    nouns = {_lower(name) for name in _types(schema)} | CI_NOUNS | REFERRED
    for coordinate, name, kind in _all_values(schema):
        if get_named_type(kind).name != "ID":
            continue
        plural = is_list_type(get_nullable_type(kind))
        stem = re.fullmatch(r"(?:(\w+)Ids|ids)" if plural else r"(?:(\w+)Id|id)", name)
        if not stem or (stem[1] and stem[1] not in nouns):
            yield coordinate


@rule("lookups")
def lookups(schema: GraphQLSchema) -> Iterator[str]:
    """What is named by a lookup is called as the noun of its type, `by` in a query of that noun, or by its role."""
    for coordinate, name, kind in _all_values(schema):
        noun = get_named_type(kind).name.removesuffix("Lookup")
        if noun != get_named_type(kind).name and name != _lower(noun):
            is_owner = noun.endswith("Owner") and name == "owner"
            is_by = name == "by" and coordinate.split(".")[1].startswith(_lower(noun))
            if not (is_owner or is_by or name in {"parent", "base"}):
                yield coordinate


@rule("targets")
def targets(schema: GraphQLSchema) -> Iterator[str]:
    """A mutation names what it changes by `<noun>: <Noun>Lookup!`, by `id: ID!` if there is no lookup, or `ids`."""
    for name, noun, verb in _mutations(schema):
        is_of_none = name in {"artifactsDelete", "sessionsRevoke"}
        if verb in {"Create", "Change", "Set", "Link", "Invite", "Register"} or noun in NAMED_BY_OWNER or is_of_none:
            continue
        fields = _input(schema, name).fields
        if "ids" in fields and is_required_input_field(fields["ids"]):
            continue
        target = _lower(noun) if f"{noun}Lookup" in schema.type_map else "id"
        if target not in fields or not is_required_input_field(fields[target]):
            yield f"Mutation.{name}"


@rule("mutations")
def mutations(schema: GraphQLSchema) -> Iterator[str]:
    """A mutation is called noun and verb; it takes one `input` and answers its payload with the noun and userErrors."""
    root = schema.mutation_type
    assert root is not None
    for name, noun, verb in _mutations(schema):
        field, stem = root.fields[name], _upper(name)
        payload = get_named_type(field.type)
        assert is_object_type(payload)
        has_names = list(field.args) == ["input"] and payload.name == f"{stem}Payload"
        subjects = {_lower(noun), f"{_lower(noun)}s", "result", ANSWERED.get(name, "")}
        answers = verb in ENDS or subjects & payload.fields.keys()
        if not (noun and verb and has_names and answers and "userErrors" in payload.fields):
            yield f"Mutation.{name}"


@rule("deletions")
def deletions(schema: GraphQLSchema) -> Iterator[str]:
    """What ends something answers `deletedId` (of many files `deletedCount`), a job if one follows, and what stays."""
    for name, noun, verb in _mutations(schema):
        fields = set(_payload(schema, name).fields)
        gone = {"deletedId", "deletedCount"} & fields
        if verb in ENDS or gone or re.search(r"(Remove|Destroy|Unset)$", name):
            allowed = {"deletedId", "deletedCount", "backgroundJob", _lower(noun), "userErrors"}
            if len(gone) != 1 or fields - allowed:
                yield f"Mutation.{name}"


@rule("text")
def text(schema: GraphQLSchema) -> Iterator[str]:
    """A text to look for is `search`; `filter` is MLflow's grammar, of the lists called `…Search`."""
    for owner, name, field in _fields(schema):
        is_search = get_named_type(field.type).name.endswith("Search")
        wrong = {"text", "query", "q", "term"} | (set() if is_search else {"filter"})
        for argument in wrong & field.args.keys():
            yield f"{owner.name}.{name}({argument}:)"


@rule("view")
def view(schema: GraphQLSchema) -> Iterator[str]:
    """Whether the trash is listed is said by `view`, of one type, wherever it can be said."""
    for owner, name, field in _fields(schema):
        for argument, definition in field.args.items():
            is_view = get_named_type(definition.type).name == "ViewType"
            if (argument == "view") != is_view or re.search(r"[tT]rash|[dD]eleted|[aA]rchived", argument):
                yield f"{owner.name}.{name}({argument}:)"


@rule("order")
def order(schema: GraphQLSchema) -> Iterator[str]:
    """An order is `orderBy: <Noun>Order` of a list, `[<Noun>SearchOrder!]` of a search: {field, direction}."""
    for owner, name, field in _fields(schema):
        if "orderBy" in field.args:
            kind, answer = field.args["orderBy"].type, get_named_type(field.type).name
            expected = f"{answer.removesuffix('Connection')}Order"
            if str(kind) not in {expected, f"[{expected}!]"} or str(kind).startswith("[") != answer.endswith("Search"):
                yield f"{owner.name}.{name}(orderBy:)"
    for kind in _inputs(schema):
        if kind.name.endswith("Order"):
            direction = kind.fields.get("direction")
            if "field" not in kind.fields or not direction or str(direction.type) != "OrderDirection!":
                yield kind.name


@rule("status")
def status(schema: GraphQLSchema) -> Iterator[str]:
    """How far something is, is its `status`, an enum `<Type>Status`; never a state."""
    yield from (name for name in schema.type_map if name.endswith("State"))
    for coordinate, name, kind in _all_values(schema):
        is_status = get_named_type(kind).name.endswith("Status")
        if (name == "status") != is_status or re.search(r"(^s|[a-z]S)tate$", name):
            yield coordinate


@rule("reasons")
def reasons(schema: GraphQLSchema) -> Iterator[str]:
    """Why a status is what it is, or the last attempt failed, is `statusReason`, beside `status`."""
    for owner, name, _ in _fields(schema):
        if owner.name != "UserError" and OTHER_REASONS.fullmatch(name):
            yield f"{owner.name}.{name}"
        if name == "statusReason" and "status" not in owner.fields:
            yield f"{owner.name}.{name}"


@rule("numbers")
def numbers(schema: GraphQLSchema) -> Iterator[str]:
    """A number says what it counts or measures: `…Count`, `size`, `number`, `step`, …"""
    for owner, name, field in _fields(schema):
        if get_named_type(field.type).name in {"Int", "Long"} and not NUMBERS.fullmatch(name):
            yield f"{owner.name}.{name}"


@rule("usernames")
def usernames(schema: GraphQLSchema) -> Iterator[str]:
    """What a user is called by is `username`."""
    for coordinate, name, _ in _all_values(schema):
        if re.fullmatch(r"user_?[nN]ame|login|userLogin", name) and name != "username":
            yield coordinate


@rule("times")
def times(schema: GraphQLSchema) -> Iterator[str]:
    """A moment is a DateTime whose name ends in `At`; only the `timestamp` of a metric is a Long in milliseconds."""
    for coordinate, name, kind in _all_values(schema):
        named = get_named_type(kind).name
        ends = bool(re.search(r"(At|^at|^asOf)$", name)) and name != "at"
        if ends != (named == "DateTime") or re.search(r"Time$|Date$", name):
            yield coordinate
        if name == "timestamp" and not coordinate.split(".")[0].removesuffix("Input").startswith(
            ("Metric", "LoggedModelMetric")
        ):
            yield coordinate


@rule("lists")
def lists(schema: GraphQLSchema) -> Iterator[str]:
    """Pages are connections with all four arguments, or searches called `…Search`; other lists are whole."""
    for owner, name, field in _fields(schema):
        answer, given = get_named_type(field.type).name, PAGE & field.args.keys()
        if answer.endswith("Connection"):
            wrong = given != PAGE or name.endswith("Search")
        elif answer.endswith("Search"):
            wrong = (
                given != {"first", "after"} or name != _lower(answer) or not {"filter", "orderBy"} <= field.args.keys()
            )
        elif owner is schema.subscription_type:
            wrong = bool(given - {"after"})
        else:
            wrong = bool(given)
        if wrong:
            yield f"{owner.name}.{name}"
    for kind in _types(schema).values():
        if kind.name.endswith("Search") and kind.fields.keys() != {"nodes", "pageInfo"}:
            yield kind.name


@rule("nodes")
def nodes(schema: GraphQLSchema) -> Iterator[str]:
    """What has an id is a Node, and what users list, set or delete has an id."""
    for kind in _types(schema).values():
        is_node = any(one.name == "Node" for one in kind.interfaces)
        if is_node != ("id" in kind.fields):
            yield kind.name
    for _, noun, _ in _mutations(schema):
        if noun in _types(schema) and "id" not in _types(schema)[noun].fields:
            yield noun


@rule("tags")
def tags(schema: GraphQLSchema) -> Iterator[str]:
    """Tags are given as [TagInput!] where something is made, and changed as [TagPatch!] by `…Update`; nothing else."""
    for name, _, _ in _mutations(schema):
        if re.search(r"Tags?[A-Z]", name):
            yield f"Mutation.{name}"
    for kind in _inputs(schema):
        if "tags" in kind.fields:
            expected = "TagPatch" if kind.name.endswith("UpdateInput") else "TagInput"
            if get_named_type(kind.fields["tags"].type).name != expected:
                yield f"{kind.name}.tags"


@rule("types")
def types(schema: GraphQLSchema) -> Iterator[str]:
    """Inputs end in Input, Lookup, Path, Name, Order, Filter or Patch, objects never; enums begin with their noun."""
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if is_input_object_type(kind) and not name.endswith(INPUT_ENDINGS):
            yield name
        if not is_input_object_type(kind) and name.endswith(("Input", "Lookup", "Order", "Patch")):
            yield name
        if is_enum_type(kind) and not _has_noun(schema, name):
            yield name


@rule("nouns")
def nouns(schema: GraphQLSchema) -> Iterator[str]:
    """A field that answers a node is called by the noun of its type or by a role; keys of nodes are no fields."""
    all_nodes = {name for name, kind in _types(schema).items() if kind.interfaces}
    for owner, name, field in _fields(schema):
        answer = get_named_type(field.type).name.removesuffix("Connection")
        if answer in all_nodes and answer != "User":
            noun = _lower(answer)
            plural = {f"{noun}s", f"{noun}es", f"{noun[:-1]}ies"}
            if (
                name not in {noun, *plural, *NODE_ROLES}
                and not name.startswith(noun)
                and not _is_part(owner.name, name, answer)
            ):
                yield f"{owner.name}.{name}"
        if re.fullmatch(r"(\w+)(Number|Uuid|Of)", name) and get_named_type(field.type).name in {"Long", "String"}:
            yield f"{owner.name}.{name}"
    for kind in _inputs(schema):
        for name, value in kind.fields.items():
            is_text = get_named_type(value.type).name == "String"
            by_name = _upper(name) in NAMED_BY_OWNER
            if is_text and _upper(name) in all_nodes and not by_name and not kind.name.endswith(("Path", "Name")):
                yield f"{kind.name}.{name}"


@rule("users")
def users(schema: GraphQLSchema) -> Iterator[str]:
    """A user is called `user`, or by what the user did: `…By`; of a list of users `node` and `nodes`."""
    for owner, name, field in _fields(schema):
        if get_named_type(field.type).name == "User" and not (name in {"user", "node", "nodes"} or name.endswith("By")):
            yield f"{owner.name}.{name}"


@rule("booleans")
def booleans(schema: GraphQLSchema) -> Iterator[str]:
    """A Boolean of an object is a statement about it: is…, has…, allows…, already…, viewerCan…, differs."""
    for owner, name, field in _fields(schema):
        is_page_info = name in {"hasNextPage", "hasPreviousPage"}
        if get_named_type(field.type).name == "Boolean" and not is_page_info and not BOOLEANS.fullmatch(name):
            yield f"{owner.name}.{name}"


@rule("events")
def events(schema: GraphQLSchema) -> Iterator[str]:
    """An event is called by the noun of a type and what happened to it: `MODEL_VERSION_CREATED`."""
    all_nouns = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper() for name in _types(schema)}
    for value in schema.type_map["ProjectEventType"].values:  # type: ignore[attr-defined] # it is an enum
        if value != "RESET" and not any(value.startswith(f"{noun}_") for noun in all_nouns):
            yield f"ProjectEventType.{value}"


@rule("words")
def words(schema: GraphQLSchema) -> Iterator[str]:
    """Descriptions name callers and administrators, and say plainly what something is."""
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if PLAIN.search(kind.description or ""):
            yield name
        for field, definition in getattr(kind, "fields", {}).items():
            if PLAIN.search(definition.description or ""):
                yield f"{name}.{field}"
            for argument, value in getattr(definition, "args", {}).items():
                if PLAIN.search(value.description or ""):
                    yield f"{name}.{field}({argument}:)"
        for value, definition in getattr(kind, "values", {}).items():
            if PLAIN.search(definition.description or ""):
                yield f"{name}.{value}"


def _types(schema: GraphQLSchema) -> dict[str, GraphQLObjectType]:
    return {name: kind for name, kind in schema.type_map.items() if is_object_type(kind) and not name.startswith("__")}


def _inputs(schema: GraphQLSchema) -> list[GraphQLInputObjectType]:
    return [kind for kind in schema.type_map.values() if is_input_object_type(kind)]


def _fields(schema: GraphQLSchema) -> Iterator[tuple[GraphQLObjectType, str, GraphQLField]]:
    for kind in _types(schema).values():
        for name, field in kind.fields.items():
            yield kind, name, field


def _all_values(schema: GraphQLSchema) -> Iterator[tuple[str, str, object]]:
    """Fields, arguments and input fields: coordinate, name and type."""
    for owner, name, field in _fields(schema):
        yield f"{owner.name}.{name}", name, field.type
        for argument, definition in field.args.items():
            yield f"{owner.name}.{name}({argument}:)", argument, definition.type
    for kind in _inputs(schema):
        for name, value in kind.fields.items():
            yield f"{kind.name}.{name}", name, value.type


def _mutations(schema: GraphQLSchema) -> Iterator[tuple[str, str, str]]:
    """Name, noun (a type) and verb of each mutation; noun and verb are empty where the name has none."""
    root = schema.mutation_type
    assert root is not None
    for name in root.fields:
        for verb in sorted(VERBS, key=len, reverse=True):
            noun = _upper(name.removesuffix(verb))
            singular = noun.removesuffix("s") if noun not in schema.type_map else noun
            if name.endswith(verb) and (singular in schema.type_map or singular in WITHOUT_TYPE):
                yield name, singular, verb
                break
        else:
            yield name, "", ""


def _input(schema: GraphQLSchema, name: str) -> GraphQLInputObjectType:
    kind = schema.type_map[f"{_upper(name)}Input"]
    assert is_input_object_type(kind)
    return kind


def _payload(schema: GraphQLSchema, name: str) -> GraphQLObjectType:
    root = schema.mutation_type
    assert root is not None
    kind = get_named_type(root.fields[name].type)
    assert is_object_type(kind)
    return kind


def _has_noun(schema: GraphQLSchema, enum: str) -> bool:
    """Whether an enum that says something of one type begins with its name."""
    parts = re.findall(r"[A-Z][a-z]+", enum)
    whole = {name for name in _types(schema) if len(re.findall(r"[A-Z][a-z]+", name)) > 1}
    return not any(name.endswith(parts[0]) for name in whole) or any(enum.startswith(name) for name in _types(schema))


def _is_part(owner: str, name: str, answer: str) -> bool:
    """Whether a type `XY` is called `y` within a type `X`: the deliveries of a webhook, the versions of a model."""
    part = answer.removeprefix(owner)
    return part != answer and name.lower().endswith((part.lower(), f"{part.lower()}s", f"{part.lower()[:-1]}ies"))


def _owner_of(enum: str) -> str:
    return enum.removesuffix("Status")


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]
