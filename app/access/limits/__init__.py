"""How much a project or token may use: requests in a minute, bytes in the store.

The authenticator owns the `requests.RequestMeter` of a process; `projects.visible` counts a request for the project
that it reaches. What is stored is counted where the bytes are: `app/artifacts/stored_bytes.py`, which also has the use
case by which administrators set the limits of a project. Begin with `requests`.
"""
