"""GraphQL of what a version goes through after it was made: one package for each area.

``deployments`` has what runs where and who pulled what; ``lineage`` what was made from what, and what depends on it.
"""
