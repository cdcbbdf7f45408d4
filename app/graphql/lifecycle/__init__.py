"""GraphQL of what a version goes through after it was made: one package for each area.

``verdicts`` is what gates and promotions answer; ``gates`` has what a version must meet to enter a stage;
``deployments`` has what runs where and who pulled what;
``lineage`` what was made from what, and what depends on it.
"""
