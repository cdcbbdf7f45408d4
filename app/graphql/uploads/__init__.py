"""GraphQL of uploads: files that are announced, sent in parts, and verified by a worker.

``types`` has the upload and its parts, each with the address to send it to; ``mutations`` announces, completes and
aborts, and releases files from quarantine. Queries and lookups are those of ``app.graphql.artifacts``.
Begin with ``mutations``: its first three functions are the life of an upload.
"""
