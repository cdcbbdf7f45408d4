"""GraphQL of deployments and pulls.

``types`` has both; ``lists`` the fields that projects, models and versions have of them; ``mutations`` with its
``inputs`` registers and ends deployments; ``loaders`` reads in batches. Begin with ``types``.
"""
