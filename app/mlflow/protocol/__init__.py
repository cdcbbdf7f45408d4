"""MLflow's conventions: messages, identifiers, shapes of answers, error codes, artifact URIs.

Handlers use all of it; nothing outside of ``app/mlflow`` does. Begin with ``call.py``, what a handler gets and how its
answer is sent; ``message.py`` reads requests, ``shapes.py`` writes answers, ``errors.py`` translates failures.
"""
