"""GraphQL of the audit log: entries and heads of a project's chain, or of what belongs to no project.

Begin with ``queries``; ``types`` has what they answer.
"""
