"""Each kind of CI system behind one protocol: GitLab and GitHub.

`app.ci.client` calls these; nothing else does. Begin with `protocol.Provider`; a further system is one module with such
a class and one entry in `client.PROVIDERS`. `http_api` makes the requests, `json_values` reads what comes back.
"""
