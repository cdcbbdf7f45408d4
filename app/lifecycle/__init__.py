"""How versions come to production: gates, promotions, evaluations, deployments, seals, and the audit of it all.

Above ``registry`` and ``files``, below what spans the installation. Each package of it is one noun with its own tables.
Begin reading with ``promotions``.
"""
