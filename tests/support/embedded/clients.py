"""The clients that API and worker use, on the settings that the embedded servers hand out."""

from __future__ import annotations

import io
from collections.abc import Mapping

import asyncpg
from minio import Minio
from redis.asyncio import Redis


async def write(environment: Mapping[str, str], name: str, value: str) -> None:
    if name == "postgres":
        connection = await asyncpg.connect(environment["MODELYARD_DATABASE_OWNER_URL"])
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
        await connection.execute("INSERT INTO kept VALUES ($1)", value)
        await connection.close()
    elif name == "redis":
        async with Redis.from_url(environment["MODELYARD_REDIS_URL"]) as redis:
            await redis.set("kept", value)
    else:
        store(environment).put_object(
            environment["MODELYARD_S3_BUCKET"], "kept", io.BytesIO(value.encode()), len(value)
        )


async def read(environment: Mapping[str, str], name: str) -> str:
    if name == "postgres":
        connection = await asyncpg.connect(environment["MODELYARD_DATABASE_OWNER_URL"])
        value = await connection.fetchval("SELECT value FROM kept")
        await connection.close()
        return value
    if name == "redis":
        async with Redis.from_url(environment["MODELYARD_REDIS_URL"]) as redis:
            return (await redis.get("kept")).decode()
    with store(environment).get_object(environment["MODELYARD_S3_BUCKET"], "kept") as answer:
        return answer.read().decode()


def store(environment: Mapping[str, str]) -> Minio:
    return Minio(
        environment["MODELYARD_S3_URL"].removeprefix("http://"),
        environment["MODELYARD_S3_ACCESS_KEY"],
        environment["MODELYARD_S3_SECRET_KEY"],
        secure=False,
        region="us-east-1",
    )
