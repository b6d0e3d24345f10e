"""One deployed function a file."""
