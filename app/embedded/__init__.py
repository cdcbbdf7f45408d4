"""Real PostgreSQL, Redis and S3 servers from wheels, and the supervisor that keeps them running for ``up``.

This package imports no database driver, no S3 client and no edge: it must be on its feet in a tenth of a second.
"""
