"""Stages, protected names, and the history of both: types, inputs and mutations.

``types`` has what is shown, ``lists`` where, ``mutations`` what changes it. Callers: the schema and the types of
models. Begin reading with ``types``.
"""
