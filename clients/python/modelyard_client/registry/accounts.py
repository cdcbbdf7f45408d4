"""Who a token speaks for, and its end."""

from __future__ import annotations

from modelyard_client.connection import Connection
from modelyard_client.failures import NotFound, Unauthenticated
from modelyard_client.registry import answers, documents
from modelyard_client.results import Account
from modelyard_client.service import graphql


async def of(connection: Connection) -> Account:
    """The account of the connection's token.

    Raises:
        Unauthenticated: the service does not accept it.
    """
    async with graphql.opened(connection, 0, lambda _: None) as api:
        data = await api.ask(documents.ACCOUNT)
        if data["viewer"] is None:
            raise Unauthenticated("The service does not accept the token.")
        return answers.account(connection.url, data["viewer"])


async def revoke_own_token(connection: Connection) -> None:
    """Have the service forget the token of the connection.

    Raises:
        Unauthenticated: it does not accept it anyway.
        Unreachable: it does not answer.
    """
    async with graphql.opened(connection, 0, lambda _: None) as api:
        data = await api.ask(documents.ACCOUNT)
        token = (data["viewer"] or {}).get("token")
        if token is None:
            raise NotFound("The service does not say which token this is.")
        id = str(token["id"])
        await api.change(documents.TOKEN_REVOKE, input={"id": id})
