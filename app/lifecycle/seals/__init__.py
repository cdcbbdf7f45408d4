"""Manifests of versions that do not change any more, and versions that are withdrawn: yanked or deprecated.

Triggers refuse changes of the files of a sealed version, whichever way they come.
Callers: ``promotions`` and the edges. Begin reading with ``seals``.
"""
