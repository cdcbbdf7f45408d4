"""Every public method of both MLflow clients, called for real: see :mod:`tests.support.mlflow.catalogue`."""
