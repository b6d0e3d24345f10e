"""The rules engine: a statement's language, its evaluation, its actions.

Text becomes tokens (`lexer`), tokens become nodes (`parser`, `nodes`), nodes become closures
(`compile`, with `functions` and `values`) that make a value of a message (`context`), and `rule`
joins a statement with its actions.
`engine` finds the rules a message concerns and says which actions should run; whoever calls it
runs them.  AWS reference, section 2.
"""
