"""Deleted models and versions that can be restored: how long, back again, what is listed, and the end of it.

A deletion (``app.registry.models.delete``, ``app.registry.versions.delete.delete``) hides in one transaction; rows and
files stay until ``purge_at``. Begin reading with ``retention``; ``restore_models`` and ``restore_versions`` bring back;
``app.registry.purge`` removes what is due.
"""
