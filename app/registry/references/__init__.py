"""References: the texts that name a version of a model, such as ``1.2.3``, ``^1.2``, ``latest``, ``@champion``, ``#7``.

``parse`` reads every form, for all protocols; ``ranges`` turns npm-like ranges into intervals; ``semver`` orders
versions as bytes and chooses the next one. None of these three touches the database. ``resolve`` makes SQL of a
reference. Begin with :mod:`.parse`.
"""
