"""The edge for GitLab's package registry of machine learning models: paths and answers, nothing else.

``files`` translates GET and PUT of ``/api/v4/projects/:id/packages/ml_models/…`` into calls of :mod:`app.files`.
"""
