"""Backups of database and store, while the service works.

``create`` holds the bytes, dumps the database and copies the objects that the dump names; ``restore`` puts them into an
empty installation; ``folder`` is the layout of a backup, ``dump`` runs PostgreSQL's programs. Called by
``modelyard backup`` alone. Begin reading with ``create``.
"""
