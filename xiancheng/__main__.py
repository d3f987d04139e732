"""`python -m xiancheng`: the command."""

from xiancheng.results.cli import entry

if __name__ == "__main__":
    entry()
