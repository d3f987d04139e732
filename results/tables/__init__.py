"""Tables of results, built once for every renderer."""
