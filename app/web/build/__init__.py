"""Builds the pages from the sources in ``web/`` into the package, with Node.js from a wheel: no system needs a Node.

Runs as ``python -m app.web.build`` in a folder of the source: from ``make``, ``modelyard up``, the image and the hook
of the wheel. It needs nothing but Python. The server reads from ``state`` how far a build is. Begin with ``building``.
"""
