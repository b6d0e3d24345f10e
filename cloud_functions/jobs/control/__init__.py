"""What operators do with jobs: AWS's `iot` operations, without HTTP (AWS reference, section 4.1).

Everything is checked before anything is changed; the caller commits the draft.
"""
