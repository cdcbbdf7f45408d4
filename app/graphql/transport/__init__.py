"""How GraphQL operations come in and answers go out: JSON over HTTP, event streams, WebSockets, and GraphiQL.

``endpoint`` serves the path for ``app.graphql.edge``; ``requests`` reads what a client sent and which media type it
accepts, ``etags`` answers 304, ``event_streams`` and ``sockets`` carry subscriptions, ``open_streams`` counts and ends
them, ``explorer`` is the page. Nothing else is called from outside. Begin with ``endpoint``.
"""
