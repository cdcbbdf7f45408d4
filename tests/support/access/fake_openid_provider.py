"""An OpenID provider as a small HTTP server that answers in the shapes of a real one, and can be made to lie."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode

import jwt
from aiohttp import web

from tests.support.access.openid_provider import CLIENT_ID, SECRET, person, query_of
from tests.support.ci.issuer import OTHER_RSA_KEY, RSA_KEY, public

TOKEN, USERINFO, KEYS, DISCOVERY = "token", "userinfo", "keys", "discovery"


@dataclass
class FakeProvider:
    """What it signs and tells; ``troubles`` are the answers of endpoints that go wrong."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=lambda: {"k1": RSA_KEY})
    signs_with: tuple[str | None, Any, str] = ("k1", RSA_KEY, "RS256")
    id_token: dict[str, Any] = field(default_factory=dict)
    """Claims that are otherwise than they should be; None takes one away."""
    userinfo: dict[str, Any] = field(default_factory=dict)
    described: dict[str, Any] = field(default_factory=dict)
    troubles: dict[str, web.Response | str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    """``Authorization`` of requests to the token endpoint."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    subject: str = "248289761001"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/.well-known/openid-configuration", self._discovery),
            web.get("/keys", self._keys),
            web.post("/token", self._token),
            web.get("/me", self._userinfo),
        ]

    def callback(self, address: str, **changes: str | None) -> str:
        """Where the browser is sent that has come to this address: back with a code."""
        query, code = query_of(address), secrets.token_hex(8)
        self.codes[code] = query
        told = {"code": code, "state": query["state"], "iss": self.url} | changes
        return f"{query['redirect_uri']}?{urlencode({name: text for name, text in told.items() if text is not None})}"

    async def _trouble(self, endpoint: str) -> web.Response | None:
        self.requests.append(endpoint)
        trouble = self.troubles.get(endpoint)
        if trouble == "silent":
            await self.released.wait()
        if isinstance(trouble, str):
            return web.Response(text=trouble, content_type="application/json")
        return None if trouble is None else web.Response(status=trouble.status, body=trouble.body)

    async def _discovery(self, request: web.Request) -> web.Response:
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/me",
            "jwks_uri": f"{self.url}/keys",
            "authorization_response_iss_parameter_supported": True,
        } | self.described
        told = {name: value for name, value in told.items() if value is not None}
        return await self._trouble(DISCOVERY) or web.json_response(told)

    async def _keys(self, request: web.Request) -> web.Response:
        listed = [public(kid, key) for kid, key in self.keys.items()]
        return await self._trouble(KEYS) or web.json_response({"keys": listed})

    async def _token(self, request: web.Request) -> web.Response:
        self.headers.append(request.headers.get("Authorization", ""))
        trouble = await self._trouble(TOKEN)
        if trouble is not None:
            return trouble
        form = await request.post()
        began = self.codes.pop(str(form.get("code")), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form["code_verifier"]).encode()).digest())
        if began is None or challenge.rstrip(b"=").decode() != began["code_challenge"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        if not self._knows(request, form):
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response(
            {"id_token": self._signed(began["nonce"]), "access_token": "at-1", "token_type": "Bearer"}
        )

    def _knows(self, request: web.Request, form: Any) -> bool:
        sent = request.headers.get("Authorization", "").removeprefix("Basic ")
        name, _, secret = base64.b64decode(sent).decode().partition(":")
        by_header = (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, SECRET)
        return by_header or (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, SECRET)

    async def _userinfo(self, request: web.Request) -> web.Response:
        trouble = await self._trouble(USERINFO)
        if trouble is not None:
            return trouble
        assert request.headers["Authorization"] == "Bearer at-1"
        return web.json_response({"sub": self.subject} | person() | self.userinfo)

    def _signed(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": self.subject, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce,
        } | self.id_token  # fmt: skip
        kid, key, algorithm = self.signs_with
        told = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(told, key, algorithm, headers={} if kid is None else {"kid": kid})


FORGED = ("k1", OTHER_RSA_KEY, "RS256")
"""Signed with a key that is not the one of that name."""
