"""Sentences about the world that must stay true."""
