"""Promotions and the requests for them.

``types`` has what clients see, ``mutations`` with its ``inputs`` promotes, requests and approves, ``queries`` has
``promotionCheck``; ``loaders`` reads in batches. Begin with ``types``.
"""
