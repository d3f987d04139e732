"""Commands that look for the least package of measures that meets a goal."""
