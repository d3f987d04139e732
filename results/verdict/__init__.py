"""The verdict on each target: level, pairing with runs of the model, chances."""
