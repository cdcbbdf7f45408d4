"""The API in this process, as the tests of GraphQL speak to it."""

from tests.graphql.conftest import ask, client, data, people, showcases

__all__ = ["ask", "client", "data", "people", "showcases"]
