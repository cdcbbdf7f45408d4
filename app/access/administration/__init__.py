"""What administrators and owners do with people and groups: lists of users, deactivation, deletion, changes of paths.

Each module is named after what it changes. Begin with `user_changes`; `owners` and `administrators` hold the rules that
an installation and a group keep one who can manage them.
"""
