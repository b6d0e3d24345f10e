"""Device shadows: the document (pure: `request`, `merge`, `document`, `answers`) and the service.

AWS reference, section 1.
"""
