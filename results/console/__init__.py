"""The console: one page in the browser that compares scenarios while people watch."""
