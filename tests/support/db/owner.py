"""Statements as the owner of the tables, for what the role of the application may not do."""

from __future__ import annotations

import asyncpg

from app.db.database import driver_url
from app.settings import Settings


async def execute(settings: Settings, *statements: str) -> None:
    """Run statements one after the other, each in a transaction of its own."""
    connection = await asyncpg.connect(driver_url(settings.owner_url))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
