"""The API in this process, as the tests of GraphQL speak to it."""

from tests.graphql.conftest import ask, client, data, people, showcases
from tests.mlflow.conftest import base, rest

__all__ = ["ask", "base", "client", "data", "people", "rest", "showcases"]
