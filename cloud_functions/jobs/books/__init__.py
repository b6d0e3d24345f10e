"""Every job and execution, in memory and in the cell's store.

What changes is decided in memory at once and collected in a Draft, so that the next request sees
it; when a draft's commit fails, the books read again what it touched.
"""
