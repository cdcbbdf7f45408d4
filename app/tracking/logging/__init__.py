"""Writes what training code logs: metrics, params, tags, data sets and logged models that a candidate read or wrote.

``log.log_batch`` and ``inputs`` are called from outside. A batch is about one candidate: all of it, or nothing.
Begin reading with ``log.py``: metrics alone take the short way of ``point_batch`` (one statement and one commit for all
callers of the moment), anything else is one transaction of the steps in ``metrics``, ``inputs`` and ``tags``.
"""
