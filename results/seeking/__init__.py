"""The least package that meets what is wished for."""
