"""Reads of many projects or groups in a fixed number of statements, each checked against what the actor may see.

`guarded` is what every feature above builds its own batch reads on; `loaders` holds those of this package.
Begin with `guarded.GuardedReads`: one statement reads the projects, one more what may be read in them.
"""
