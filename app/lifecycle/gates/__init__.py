"""Rules that a version must meet to enter a stage, and their verdicts.

A set of gates belongs to a stage of a project and has versions of its own, so that old verdicts stay explained.
Callers: ``promotions`` and the GraphQL edge. Begin reading with ``check``.
"""
