"""How fast the model is, as ratios to plainer engines that are timed in the same run."""
