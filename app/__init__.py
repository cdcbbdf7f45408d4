"""Modelyard: a registry for machine-learning models.

Protocols are edges (``graphql``, ``mlflow``, ``packages``), features are the core (``files``, ``registry``,
``tracking``, ``artifacts``, ``access``, …), and a thin platform lies below (``db``, ``storage``, ``queue``). A reader
goes down, never up: edge, use case, SQL. From outside: ``main.create_app`` and ``cli.main``. Begin reading with
docs/architecture.md.
"""
