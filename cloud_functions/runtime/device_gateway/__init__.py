"""The device gateway: the broker that is built in and behaves as AWS IoT Core's."""
