"""Models and their versions, with aliases, stages and tags.

Edges call the use cases ``models.create``, ``models.edit``, ``versions.create.create``, ``versions.change.edit``,
``aliases.set`` and so on, and read through :mod:`.reads`. Tables and repository are private; triggers derive the state
of a version (migration 0011). Begin with :mod:`.models`, then :mod:`.versions.create`; ``names`` has the rules for
names, ``tags`` for tags, ``webhook_events`` what receivers hear, ``purge`` what jobs remove after a deletion.
"""
