"""What is asked about files: batch reads for GraphQL, folders, downloads and links, how much is stored.

``loaders`` reads files of many owners in a fixed number of statements, ``folders`` pages through one folder,
``downloads`` decides what a request for bytes is answered with. All of them take what the actor may see as an
argument or ask :mod:`app.artifacts.visibility`. ``downloads.LINK_LIFE`` is how long a download link lives;
``Settings.link_seconds`` bounds every link to a file. Begin with ``downloads.answer``.
"""
