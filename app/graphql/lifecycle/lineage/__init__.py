"""GraphQL of lineage: what a version was made from, and what depends on it or on a data set.

``types`` has derivations and the entries of a lineage; ``lists`` the fields of a version; ``queries`` the question for
the impact; ``mutations`` states derivations; ``loaders`` reads in batches. Begin with ``types``.
"""
