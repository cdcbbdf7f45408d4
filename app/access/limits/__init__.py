"""How much a project or token may use: requests in a minute, bytes in the store.

The authenticator owns the `requests.RequestMeter` of a process; `projects.visible` counts a request for the project
that it reaches. What is stored is counted where the bytes are: `app/artifacts/stored_bytes.py`. `project_limits` writes
the limits of a project, for the use case in `app/artifacts/project_limits.py`. Begin with `requests`.
"""
