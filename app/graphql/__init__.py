"""The GraphQL API: one schema over the features of ``app``, served over HTTP, event streams and WebSockets.

One package per feature holds its types, inputs and mutations; ``execution`` limits and runs operations, ``transport``
carries them, ``types`` has what features share. Outside, ``edge`` is mounted as the path's application; ``sdl`` and
``compatibility`` are commands. Begin with ``schema``, which puts the features together, then docs/graphql.md.
"""
