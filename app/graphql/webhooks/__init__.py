"""GraphQL of webhooks and their deliveries.

``types`` has both, and ``webhooks_of`` for the field of a project; ``mutations`` with its ``inputs`` creates, changes,
tests and deletes webhooks and replays deliveries; ``loaders`` reads in batches. Everything here is for maintainers.
Begin with ``types``.
"""
