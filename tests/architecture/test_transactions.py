"""One module commits, and no code waits for another server while a transaction is open."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.source import Module, modules, names_in

COMMITTERS = {"app/db/database.py", "app/db/migrate.py"}
ENDS_A_TRANSACTION = {"commit", "rollback", "begin"}
OTHER_SERVERS = {"blobs", "notifier", "aiohttp", "httpx"}


def test_only_the_database_module_begins_and_commits() -> None:
    committers = {
        module.name
        for module in modules("app", "workers")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ENDS_A_TRANSACTION
        and names_in(node.func.value) & {"session", "tx", "snap", "connection", "engine", "db"}
    }
    assert committers == COMMITTERS


def test_nothing_but_sql_happens_in_a_transaction() -> None:
    assert [call for module in modules("app", "workers") for call in _calls_in_transactions(module)] == []


def test_the_check_sees_a_call_in_a_transaction() -> None:
    guilty = ast.parse("async def f():\n async with db.write() as tx:\n  await runtime.blobs.remove(key)")
    innocent = ast.parse(
        "async def f():\n async with db.write() as tx:\n  await garbage.release(tx)\n await blobs.remove(key)"
    )
    assert [ast.unparse(call) for call in _foreign_calls(guilty)] == ["runtime.blobs.remove(key)"]
    assert list(_foreign_calls(innocent)) == []


def _calls_in_transactions(module: Module) -> list[str]:
    return [f"{module.name}:{call.lineno}: {ast.unparse(call)}" for call in _foreign_calls(module.tree)]


def _foreign_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for block in ast.walk(tree):
        if isinstance(block, ast.AsyncWith) and any(_opens_transaction(item.context_expr) for item in block.items):
            yield from (
                node
                for statement in block.body
                for node in ast.walk(statement)
                if isinstance(node, ast.Call) and names_in(node.func) & OTHER_SERVERS
            )


def _opens_transaction(expression: ast.expr) -> bool:
    return (
        isinstance(expression, ast.Call)
        and isinstance(expression.func, ast.Attribute)
        and expression.func.attr in {"read", "write"}
        and "db" in names_in(expression.func.value)
    )
