"""Who may do what: users, groups, projects, members, tokens, and the permissions that their roles give.

Other packages call the noun modules (`projects`, `groups`, `members`, `tokens`, `users`, `bots`, `jobs`), `policy` for
permissions, the packages by which people come in (`passwords`, `openid`, `one_time_links`, `devices`, with `sessions`),
`reads.loaders` and `reads.guarded` for many parents at once, and `authentication.authenticator` for requests. `tables`,
`tables_of_people` and `repository` are private to this package.
Begin with `policy`: the list of permissions, and the two steps of every use case (find what the actor may see, then
require the permission). docs/roles.md has the table for people.
"""
