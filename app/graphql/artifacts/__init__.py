"""GraphQL of stored files: of candidates, model versions and logged models.

``lookups`` says how a file and its owner are named, ``types`` what a file shows of itself, its scan and its download
link, ``queries`` and ``mutations`` look files up and delete them. Other features call ``types.artifacts_of``.
Uploads, files that are not stored yet, are in ``app.graphql.uploads``. Begin with ``types``.
"""
