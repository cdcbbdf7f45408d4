"""Where a request comes from: for lists of sessions and tokens, and for the access log."""

from __future__ import annotations

from dataclasses import dataclass

MAX_AGENT = 200


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """The address that the connection came from, behind trusted proxies, and what the client says that it is."""

    address: str = ""
    agent: str = ""
    """The beginning of User-Agent, without control characters."""
    request_id: str = ""

    @classmethod
    def of(cls, address: str, agent: str, request_id: str = "") -> ClientInfo:
        """The same with an agent that is fit to be stored and shown."""
        agent = agent[: 2 * MAX_AGENT]
        if not agent.isprintable():
            agent = "".join(letter for letter in agent if letter.isprintable())
        return cls(address[:64], agent[:MAX_AGENT], request_id)


UNKNOWN = ClientInfo()
