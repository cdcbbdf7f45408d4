"""Background jobs: PostgreSQL holds every job, Redis only notifies workers.

Features declare their kinds with ``jobs.job`` and enqueue in their own transaction with ``outbox``; ``retries`` and
``search`` serve administrators and members. Workers claim with ``leases`` and ``round_robin``. ``notifier`` is what a
runtime announces committed jobs with. Begin reading with ``jobs``, then ``outbox`` and ``leases``.
"""
