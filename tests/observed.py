"""Lines of a table of published rates, as `--observations` and `score` read them."""

from xiancheng.results.verdict.observations import COLUMNS, VARIABLE

HEAD = ",".join(COLUMNS)


def line(code="371621", day="2025-12-31", variable=VARIABLE, value="40"):
    return f"{code},{day},{variable},{value}"
