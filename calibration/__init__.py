"""What we know: region packs, the people built from them, and the value of every parameter."""
