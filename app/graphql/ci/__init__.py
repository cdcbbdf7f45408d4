"""GraphQL of CI jobs and of the CI settings of a project.

``types`` has both and the readers that candidates and versions call (``jobs_of_candidate``, ``jobs_of_version``),
``inputs`` and ``mutations`` link jobs by hand and change the settings, ``loaders`` reads in batches. What a CI system
itself says keeps its words (``ciStatus``). Begin with ``types``.
"""
