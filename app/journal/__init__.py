"""What happened in projects, for a quarter of an hour: the source of subscriptions.

Triggers of the database write an event in the transaction of each change, so no feature calls this package to write.
``events`` reads what a position does not show yet and removes what is old; ``positions`` are snapshots of PostgreSQL,
and the cursors that subscribers hold. Callers: ``live`` and the worker. Begin reading with ``positions``.
"""
