"""The owner's side: library, command line and web page."""
