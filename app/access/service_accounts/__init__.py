"""Service accounts: named bots of a group or project, each with a role and several tokens.

Begin with `accounts`, which finds and holds one; `changes` makes, edits and deletes them, `reads` lists them.
"""
