"""Reads of models, versions and aliases: what may be seen is decided in the SQL.

``loaders`` answers for many parents at once (GraphQL), ``details`` with everything that MLflow's answers hold,
``search`` by MLflow's grammar, ``global_search`` by a part of a name; ``latest`` is SQL that several of them share.
The number of statements grows neither with the parents nor with the rows. Begin with :mod:`.loaders`.
"""
