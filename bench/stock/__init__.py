"""Fills servers with rows and files before they are measured, the same for both, so that large amounts take seconds."""
