"""The few pages that work before there are others: coming in, leaving, one's own account. Plain HTML without script.

An edge (``edge.EDGE``) that lists one module of routes for each group of pages. A page is made by ``templates.answer``,
reads its form by ``forms.read``, and gives a person who has proved who it is the session by ``signing_in.signed_in``.
Begin with ``sign_in``.
"""
