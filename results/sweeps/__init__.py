"""Many runs: planned, computed, counted."""
