"""Handlers of calls about registered models and their versions.

``app/mlflow/routes.py`` names them. Begin with ``registered_models.py`` and ``model_versions.py``; ``sources.py`` says
what the source of a new version means.
"""
