"""GraphQL of gates: what a version must meet to enter a stage.

``types`` has sets and gates, with the functions for the fields of a stage; ``mutations`` sets the gates of a
stage; ``queries`` lists the kinds and tries gates; ``inputs`` and ``loaders`` are theirs. Begin with ``types``.
"""
