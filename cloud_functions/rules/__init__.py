"""The rules engine: a statement's language, its evaluation, its actions."""
