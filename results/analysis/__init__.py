"""Questions asked of runs: comparison, attribution, goal-seeking, sensitivity."""
