"""MQTT 3.1.1 and 5 without I/O: packets, properties, topic filters, sessions of both sides."""
