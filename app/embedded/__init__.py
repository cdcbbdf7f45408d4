"""Real PostgreSQL, Redis and S3 servers from wheels, and the supervisor that keeps them running for ``up``.

Nothing here imports a database driver, an S3 client or the application: the supervisor must be on its feet in a tenth
of a second and stay small for weeks.
"""
