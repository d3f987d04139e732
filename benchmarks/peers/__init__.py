"""One small migration task, put to several frameworks, and the same checks of each.

Nothing here but `ours` imports this project, so that a framework can run with an interpreter of
its own (see `benchmarks.peers.contest`).
"""
