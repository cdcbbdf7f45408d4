"""Callables by which a pickle gets more than data, by name: the standard library's, and those of libraries."""
