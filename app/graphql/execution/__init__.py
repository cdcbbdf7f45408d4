"""What happens to a GraphQL operation between its arrival and its answer, whatever transport brought it.

``admission`` measures each document once (``limits``) and computes its cost (``cost``, ``page_sizes``), ``budget``
counts what a caller spends in a minute, ``trusted_documents`` replaces hashes by documents, ``operations`` runs the
rest with limits of time. ``app.graphql.transport`` calls ``operations`` and ``trusted_documents``. Begin with
``operations``.
"""
