"""The network as it is: what a path does to messages, and a link that lets them feel it."""
