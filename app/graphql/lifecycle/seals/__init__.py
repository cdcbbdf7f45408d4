"""Sealing, yanking and deprecating versions, and their manifests.

``types`` is what versions show of that (their fields stand in ``registry.types``), ``loaders`` its batches.
Begin with ``mutations``, which also has the query of a manifest.
"""
