"""Evaluations, online experiments and the six facts of versions in the schema.

``types``, ``fact_types`` and ``online_types`` show them, ``mutations`` adds to them, ``comparison`` puts metrics of
versions side by side. Begin reading with ``types``.
"""
