"""Sealing, yanking and deprecating versions, and their manifests.

``types`` is what versions show of that (the fields themselves are those of ``registry.types``), ``loaders`` its batches.
Begin with ``mutations``, which also has the query of a manifest.
"""
