"""Who may connect, publish, subscribe and receive: documents and their evaluation (pure).

`document` reads and compiles a policy, `evaluate` decides a `request` over several of them.
"""
