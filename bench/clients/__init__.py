"""The clients: HTTP over bare connections, and a number of them that call for some seconds."""
