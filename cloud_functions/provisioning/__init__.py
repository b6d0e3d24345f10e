"""Fleet provisioning: a device that holds a claim gets a certificate and a thing of its own."""
