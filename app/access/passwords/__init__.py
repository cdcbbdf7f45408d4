"""Passwords of people: how they are hashed, what a good one is, and how guessing is slowed.

Other packages call `sign_in.sign_in`, `change.change_password`, the step `passwords.set_password` with `hashing` and
`rules`, and the sweep in `attempts`. Begin with `sign_in`, which calls everything else; decision 0032 says why attempts
are slowed as `attempts` does it.
"""
