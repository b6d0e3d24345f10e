"""Many thousands of connections in one process: raw sockets, one epoll, state in arrays."""
