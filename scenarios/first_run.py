"""What the first run of an installation makes, made beforehand: compiled code, texts, the level.

    python -m xiancheng.scenarios.first_run

Nothing is made where the cache cannot be written: it would be for this process alone.
"""

from xiancheng.calibration.cache import keep_compiled
from xiancheng.scenarios.simulation import simulate

SCALE = 0.01  # rows for each resident: few, and all that is compiled is met


def main() -> None:
    """Run the plan once, with few people."""
    if keep_compiled() is not None:
        simulate("plan", scale=SCALE)


if __name__ == "__main__":
    main()
