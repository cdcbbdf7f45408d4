"""The database: connections, transactions, constant statements, and the schema's revision.

``database`` opens snapshots and transactions and is the only module that commits. ``statements`` are constant SQL with
names; ``compiled`` and ``batch_reads`` run what SQLAlchemy builds; ``group_commit`` lets concurrent requests share a
commit. Features call these; ``direct_pool`` and ``pool_queue`` belong to ``database`` alone, ``migrate`` and
``revisions`` to the start of a process. Begin reading with ``database``, then ``statements``.
"""
