"""GraphQL of people: who has an account, and how they come in.

A module for each area, which exports its part of Query and Mutation. The type `User` is in `graphql/access`, where
everything that names a maker takes it from.
"""
