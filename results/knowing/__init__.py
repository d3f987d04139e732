"""How well the model is known: estimated, tested, scored."""
