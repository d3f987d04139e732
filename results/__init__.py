"""Results: what we say about a run, and how it is stored, compared, drawn and told."""
