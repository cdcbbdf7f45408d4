"""Pickles are taken apart, never loaded."""
