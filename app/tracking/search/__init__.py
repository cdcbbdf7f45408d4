"""Searches for candidates, experiments and logged models: MLflow's filters and orders as SQL, in pages.

``candidate_search``, ``experiment_search`` and ``logged_model_search`` are called from outside. Begin reading with
``candidate_search.py``, then ``planner.py``: it chooses between sorting a few ids (``selectivity``), a scan along an
index (``ordered_scans`` → ``index_scan`` → ``index_statements``) and sorting all. ``conditions`` and ``sort_keys`` turn
the parsed filter and order into SQL. The grammar itself is ``app/search``.
"""
