"""The page that a browser gets at the GraphQL endpoint: GraphiQL, from this service's own origin.

`page.answer` is the page, `page.asset` its script and style sheet; `transport.endpoint` calls them, nothing else does.
`assets/` is built by clients/graphiql and committed (decision 0028); begin with `page` for how it is served.
"""
