"""Functions in real execution environments: AWS's runtime client against a local Runtime API.

`zygote` forks environments that have imported the common libraries, `runtime_api` is what each of
them talks to, `environment` is one of them, `pool` holds those of one function, `functions` is
what the rest of the cloud calls; `retry` decides about asynchronous invocations.
"""
