"""What happens, told to subscribers as it happens: events of a project, a candidate's metrics, a job's state.

The GraphQL edge calls `streams` and owns one `subscribers.Live` for each process; nothing else calls this package.
Begin with `feeds.Feed`: one reader polls the journal for all subscribers of this process (decision 0013);
`subscribers` ends a subscription as soon as its token or role does.
"""
