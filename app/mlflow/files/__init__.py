"""Handlers of calls about files of runs, logged models and versions: bytes, folders, links, uploads in parts.

``app/mlflow/routes.py`` names them. Begin with ``artifacts.py``.
"""
