"""The worker process: it runs background jobs, and chores at intervals.

``main`` polls PostgreSQL and listens to Redis; ``executor`` claims and runs one job, within the slots of its kind;
``handlers`` says for each kind what is done; ``chores`` repeats housekeeping. ``probe`` and ``liveness`` answer probes.
Nothing else imports this package but the command line. Begin reading with ``handlers``, then ``executor``.
"""
