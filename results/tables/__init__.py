"""Tables and charts that are shown to people: built once, printed by every renderer."""
