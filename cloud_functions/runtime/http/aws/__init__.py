"""AWS's own APIs as boto3 calls them: `iot-data`, `iot-jobs-data`, `iot`; a file a noun."""
