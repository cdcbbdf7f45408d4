"""What serving stacks say they run, where, and since when.

``register`` says that a version runs under an environment and endpoint, ``heartbeats`` that it still does, ``endings``
that it does not any more; ``reads`` answers what runs where, ``upkeep`` tells of deployments that fell silent. Rows are
kept when they end: they are the history. Callers: ``graphql``, and workers for the upkeep. Begin with ``register``.
"""
