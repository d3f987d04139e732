"""What two scenarios, or the parts of one, differ by."""
