"""An issuer of identity tokens with keys of its own, on loopback, as GitLab and GitHub are for their jobs."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
AUDIENCE = "https://modelyard.example"
PROJECT, OWNER = "4711", "31"
"""The numbers of the CI project and of the group that has it."""


@dataclass
class Issuer:
    url: str = ""
    keys: dict[str, Any] = field(default_factory=lambda: {"k1": RSA_KEY, "e1": EC_KEY})
    requests: list[str] = field(default_factory=list)
    described: dict[str, Any] = field(default_factory=dict)
    """What the description says otherwise than it should."""
    is_down: bool = False

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/.well-known/openid-configuration", self.discovery), web.get("/keys", self.jwks)]

    async def discovery(self, request: web.Request) -> web.Response:
        self.requests.append("discovery")
        if self.is_down:
            return web.Response(status=503)
        told = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", "response_types_supported": ["id_token"]}
        return web.json_response(told | self.described)

    async def jwks(self, request: web.Request) -> web.Response:
        self.requests.append("keys")
        return web.json_response({"keys": [public(kid, key) for kid, key in self.keys.items()]})

    def sign(self, key: Any = RSA_KEY, kid: str = "k1", algorithm: str = "RS256", **changes: Any) -> str:
        """An identity token as GitLab makes it; a change to None takes a claim away."""
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": AUDIENCE, "sub": "project_path:team/vision:ref_type:branch:ref:main",
            "iat": now, "nbf": now - 5, "exp": now + 300, "jti": "1f3c", "project_id": PROJECT, "namespace_id": OWNER,
            "project_path": "team/vision", "namespace_path": "team", "ref": "main", "ref_type": "branch",
            "ref_protected": "true", "job_id": "77", "pipeline_id": "900", "user_login": "ada",
        }  # fmt: skip
        told = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(told, key, algorithm, headers={"kid": kid})


def public(kid: str, key: Any) -> dict[str, Any]:
    kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return json.loads(kind.to_jwk(key.public_key())) | {"kid": kid, "use": "sig"}
