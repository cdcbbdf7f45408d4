"""GraphQL of how versions come to production: a package for each area, mixed into the schema by ``schema.py``."""
