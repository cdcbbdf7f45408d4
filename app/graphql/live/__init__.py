"""GraphQL subscriptions: a background job, a candidate in training, the events of a project.

``subscriptions`` has the three fields of the root, ``types`` what they send. The events come from ``app.live``; how
they travel, by WebSocket or as server-sent events, is the matter of ``app.graphql.transport``. Begin with
``subscriptions``.
"""
