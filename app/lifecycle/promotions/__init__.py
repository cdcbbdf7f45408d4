"""The act of entering a stage: checked by gates, requested, approved, and kept for ever with every verdict.

Whatever moves a version to a stage comes through here: GraphQL, MLflow's transition, a rollback.
Begin reading with ``promote``.
"""
