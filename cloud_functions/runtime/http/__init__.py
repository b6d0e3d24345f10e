"""Everything the cloud serves over HTTP and WebSocket, on one port."""
