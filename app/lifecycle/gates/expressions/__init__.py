"""Expressions of CEL, evaluated in a confined process of its own that lives for one check.

From outside: ``evaluator.Evaluator``, which starts ``program`` and reads its answers (``protocol``). A CEL expression
always ends, but with nested loops after years: what bounds it are the limits of that process.
"""
