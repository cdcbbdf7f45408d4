"""GraphQL of people: how they come in, and what is logged of it.

Each module has the types, queries and mutations of one area and exports ``…Query`` and ``…Mutation``, which
``app/graphql/schema.py`` puts together. Users, members, tokens, groups and projects are in ``app/graphql/access``.
"""
