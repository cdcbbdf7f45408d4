"""GraphQL of experiments, candidates and what is logged to them.

``types`` has experiments and candidates, ``logs`` metrics and data sets, ``metric_series`` curves, ``comparison``
things side by side, ``search`` the searches by MLflow's grammar with their arguments in ``list_arguments``; ``lookups``
and ``queries`` say how a thing is named and find it for other features. Begin with ``types``, then ``mutations``.
"""
