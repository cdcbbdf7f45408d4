"""GraphQL of background jobs: work that workers do later.

``types`` shows a job and lists those of a project, ``lookups`` says how one is named, ``queries.job_by_id`` is what
mutations of other features call to answer the job that does the rest of their work, ``mutations`` retries and
cancels. Begin with ``types``.
"""
