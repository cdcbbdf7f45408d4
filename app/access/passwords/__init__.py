"""Passwords of people: how they are hashed, what a good one is, and how guessing is slowed.

Other packages call `sign_in.sign_in`, `change.change_password`, the step `passwords.set_password` with `hashing` and
`rules`; `attempts` counts guesses of the codes of `devices`, too. Begin with `sign_in`, which calls almost everything
else; `lanes` has the rules by which attempts are slowed, and decision 0032 says why.
"""
