"""The API as the client uses it: GraphQL over HTTP, with retries of what failed for a moment.

From outside: ``graphql.Api``, the documents of ``documents`` and ``http.retry``. ``http`` has the one session, proxies,
and which failures are worth another attempt. Begin reading at ``graphql.py``.
"""
