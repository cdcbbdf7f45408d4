"""GraphQL of what a version goes through after it was made: one package for each area.

``gates`` has what a version must meet to enter a stage; ``promotions`` how it enters stages, both with the ``verdicts``
of rules; ``deployments`` what runs where and who pulled what; ``lineage`` what was made from what, and what depends on
it.
``evaluations`` has how good versions are and their six facts.
"""
