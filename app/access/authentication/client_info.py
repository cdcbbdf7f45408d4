"""Where a request comes from: for lists of sessions and tokens, and for the access log."""

from __future__ import annotations

from dataclasses import dataclass

MAX_AGENT = 200
_MAX_ADDRESS = 64


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """The address that the connection came from, behind trusted proxies, and what the client says that it is."""

    address: str = ""
    agent: str = ""
    """The beginning of User-Agent, without control characters."""
    request_id: str = ""

    @classmethod
    def of(cls, address: str, agent: str, request_id: str = "") -> ClientInfo:
        """The same of an address and agent as they came."""
        return cls(address[:_MAX_ADDRESS], readable_agent(agent), request_id)


def readable_agent(agent: str) -> str:
    """The beginning of a User-Agent, as far as it is fit to be stored and shown."""
    agent = agent[: 2 * MAX_AGENT]
    if not agent.isprintable():
        agent = "".join(letter for letter in agent if letter.isprintable())
    return agent[:MAX_AGENT]


UNKNOWN = ClientInfo()
