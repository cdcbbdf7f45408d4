"""GraphQL of models, model versions and aliases.

``types`` has models and versions, ``aliases`` aliases and their history, ``search`` the searches by MLflow's grammar,
``global_search`` the one over all kinds of things; ``lookups`` says how a model or version is named. Other features
call ``types.model_by_key`` and ``types.version_by_key``. Begin with ``types``, then ``mutations``.
"""
