"""What a version was derived from, and what depends on a data set or a version, across models and projects.

``derivations`` states, and takes back, that a version was made from another one; ``learning`` reads the same out of
tags; ``walks`` goes up and down: data set, candidate, version, derived version, deployment, as far as the caller may
see. Callers: ``graphql``, and workers for the learning. Begin with ``derivations``.
"""
