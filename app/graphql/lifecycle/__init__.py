"""GraphQL of what a registry is for after storing: gates, promotions, evaluations, deployments, seals, audit.

Each area has a folder or a pair of modules of its own; ``verdicts`` is shared by gates and promotions.
"""
