"""What the types of all features are made of: fields, scalars, ids, connections, orders, tags.

Nothing here knows a feature. The largest page of a list
is ``app.pagination.MAX_PAGE``. ``fields`` declares fields with their descriptions, ``ids`` reads and writes global ids,
``connections`` pages lists, ``orders`` orders them, ``page_loaders`` reads the same page of many parents at once.
Begin with ``fields``; the rules for names stand in docs/graphql.md.
"""
