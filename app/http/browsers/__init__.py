"""What browsers send of themselves: cookies and origins, and the session that they stand for.

``app.http.authentication`` calls ``sessions``; pages and the GraphQL socket use ``cookies`` and ``own_origin``;
``accepts`` reads what they take, ``built_pages`` says where the pages lie that they run.
Begin with ``sessions``.
"""
