"""A robot as its owner's home network sees it (robot reference, sections 2 to 8)."""
