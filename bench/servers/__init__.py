"""Starts the servers that are compared, on this machine, and watches the memory and the processors that they use."""
