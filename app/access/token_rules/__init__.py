"""What a token is confined to and how long it lives: patterns of models, expiry, rotation, reminders.

Begin with `app/access/tokens.py`, which makes, reads and ends tokens and calls these.
"""
