"""Probes and metrics: `/health/live`, `/health/ready`, `/metrics`.

An edge of its own (``health.EDGE``), whose handlers the worker's port serves too. Begin with ``health.py``;
``metrics_access.py`` says who may read metrics, ``single_flight.py`` lets concurrent probes share one check.
"""
