"""GraphQL of logged models: models that training code logged, whether they are registered or not.

``types`` has the model, its metrics and the uses by candidates (``uses_of``, ``logged_model_by_key`` for other
features), ``mutations`` creates, changes and deletes. Lookups, searches and loaders are those of
``app.graphql.tracking``. Begin with ``types``.
"""
