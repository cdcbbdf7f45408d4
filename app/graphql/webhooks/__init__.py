"""GraphQL of webhooks and their deliveries.

``types`` has both, and ``webhooks_of`` for the field of a project; ``inputs`` and ``mutations`` create, change, test and
delete webhooks and replay deliveries; ``loaders`` reads in batches. Everything here is for maintainers.
Begin with ``types``.
"""
