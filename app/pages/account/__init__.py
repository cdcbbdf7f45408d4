"""A person's own account as one page: sessions, tokens, password, identities at providers.

``page`` shows all sections; each module beside it takes the forms of one and shows the page again.
Begin with ``page``.
"""
