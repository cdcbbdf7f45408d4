"""What concerns a whole installation or project, over all features: backups, checks, gauges, deletion of projects.

``backup/`` makes and restores backups, ``doctor/`` checks an installation, ``gauges`` reads what waits and for how
long, ``blob_references`` explains why bytes are kept, ``project_deletion`` and ``job_cancellation`` serve GraphQL and
workers. Each feature gives its part of a statement. Begin with the module of the command or field in question.
"""
