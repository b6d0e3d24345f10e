"""AWS's own APIs as boto3 calls them: `iot-data`, `iot-jobs-data`, `iot`; a file a noun.

`admission` lets callers in: a client certificate by its policies, others by their signature.
"""
