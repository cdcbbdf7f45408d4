"""Reads of experiments, candidates and what was logged to them; nothing here writes.

``details`` reads candidates with all their logs, ``history`` one metric, ``charts`` and ``downsample`` many metrics
thinned out to ``downsample.MAX_SIZE`` points at most, ``loaders`` and ``log_loaders`` rows of many parents at once
(GraphQL's lists), ``compare`` several sides as rows, ``changes`` what changed after a position (subscriptions). Begin
reading with ``details.py``.
"""
