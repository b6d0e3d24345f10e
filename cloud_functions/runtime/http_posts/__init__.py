"""HTTP requests that rules and topics send: only to this computer, only where it was confirmed."""
