"""Links that work once: invitations, password resets and sign-ins.

`links` is the mechanism that the three share: a random secret of which only the hash is kept, used up by one statement.
`invitations` makes, renews and revokes the first kind, `acceptance` turns one into an account or roles, `reads` lists
them. `password_resets` and `sign_in_links` are for people who have an account. `at_the_machine` makes links for the
command line, `validity` says what one is worth now, `refusals` logs the use of a dead one, `upkeep` removes old ones.
Begin with `links`; decision 0034 says why a link is worth what its maker may give now.
"""
