"""What is asked about files: batch reads for GraphQL, folders, downloads and links, how much is stored.

``loaders`` reads files of many owners in a fixed number of statements, ``folders`` pages through one folder,
``downloads`` decides what a request for bytes is answered with. All of them take what the actor may see as an
argument or ask :mod:`app.artifacts.visibility`. Begin with ``downloads.answer``.
"""
