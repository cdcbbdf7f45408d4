"""Real PostgreSQL, Redis and S3 servers from wheels, and the supervisor that keeps them running for ``modelyard up``.

From outside: ``supervisor.up``, ``servers.start`` (tests, backups), ``running.find`` and ``prefork`` (command line).
Begin reading at ``supervisor.py``; ``servers.py`` starts the three servers, ``application.py`` API and worker.
Nothing here imports a database driver, an S3 client or the application: the supervisor must start in a tenth of a
second and stay small for weeks.
"""
