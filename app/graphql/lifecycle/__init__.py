"""GraphQL of what a version goes through after it was made: one package for each area.

``promotions`` has how it enters stages, with the ``verdicts`` of rules; ``deployments`` what runs where and who pulled
what; ``lineage`` what was made from what, and what depends on it.
"""
