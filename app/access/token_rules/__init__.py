"""What a token is confined to and how long it lives: patterns of models, scopes that end with their giver,
expiry, rotation, reminders.

Begin with `app/access/tokens.py`, which makes, reads and ends tokens and calls most of these; `rotation` calls it.
"""
