"""GraphQL of users, groups, projects, members and tokens.

Here live their types, inputs, lookups, queries, mutations and the loaders that read them in batches; every other
feature calls ``lookups`` (how a project is named), ``queries.project_id`` and ``types.maker`` (who made a thing).
Begin with ``groups_and_projects``: the fields of ``Project`` lead to all other features.
"""
