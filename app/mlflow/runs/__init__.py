"""Handlers of calls about runs, which this service calls candidates: the run itself, logging to it, its metrics.

``app/mlflow/routes.py`` names them. Begin with ``runs.py``; ``logging.py`` is the hot path of training code.
"""
