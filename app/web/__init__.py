"""An edge: the pages that browsers run, as the build made them, and what is shown before there are any.

The pages are files that are the same for every caller and hold no data: they read through GraphQL with the session of
the browser. From outside: ``edge.EDGE``, and ``python -m app.web.build``, which makes the files from the sources in
``web/``. Begin with ``edge``.
"""
