"""Experiments, candidates (MLflow: runs), logged models, and all that training code logs to them.

Edges and workers call the use cases (first parameter ``db``) of ``experiments``, ``candidates``, ``candidate_edit``,
``logged_models``, ``logging``, ``search`` and ``reads``; the registry calls the steps (``tx``) of
``version_candidates`` and ``model_experiments``. ``tables`` is private. Begin reading with ``logging/log.py``, the call
that training makes all the time, then ``candidates.py``. What tracking asks of the registry's tables stands in
``version_references.py``.
"""
