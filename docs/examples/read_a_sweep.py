"""读扫描结果 · Reading a sweep: DuckDB asks many runs at once, pandas takes it from there.

    python docs/examples/read_a_sweep.py --draws 100 --scale 0.05

Needs nothing more than the model does. A sweep is a folder: `ledger.parquet` with a row for each
run, and for each run a folder with the values of every quarter.
"""

import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd

RATE = "resident_urbanization_rate"
REGION = 371600  # the prefecture


DESIGN = """\
name: worlds
scenarios: [plan, baseline]
parameters: {{from: prior, n: {draws}}}
seeds: {{count: 1}}
scales: {scale}
"""


def swept(draws: int, scale: float, out: Path) -> Path:
    """Run plan and baseline under each draw of the parameters, as `xiancheng sweep` does."""
    design, sweep = out / "worlds.yaml", out / "worlds"
    design.write_text(DESIGN.format(draws=draws, scale=scale), encoding="utf-8")
    command = [sys.executable, "-m", "xiancheng", "sweep", design, "--out", sweep]
    subprocess.run(command, check=True, capture_output=True)
    return sweep


def path(sweep: Path) -> pd.DataFrame:
    """The rate at each year's end with and without the plan: median, 5 % and 95 % of draws [%]."""
    return duckdb.sql(f"""
        select year(date) as year, scenario,
               quantile_cont(value, 0.05) as low, median(value) as median,
               quantile_cont(value, 0.95) as high
        from read_parquet('{sweep}/runs/*/series.parquet', filename = true) series
        join '{sweep}/ledger.parquet' ledger on series.filename like '%' || ledger.key || '%'
        where unit_code = {REGION} and indicator = '{RATE}' and month(date) = 12
        group by all order by year, scenario
    """).df()


def effect(sweep: Path) -> pd.DataFrame:
    """What the plan adds in each draw with common random numbers, and the draw's parameters."""
    return duckdb.sql(f"""
        select with_plan.{RATE}_{REGION} - without.{RATE}_{REGION} as effect, with_plan.*
        from '{sweep}/ledger.parquet' with_plan
        join '{sweep}/ledger.parquet' without using (draw, seed, scale)
        where with_plan.scenario = 'plan' and without.scenario = 'baseline'
    """).df()


def main(draws: int, scale: float) -> None:
    """Sweep, then say where the rate goes, what the plan adds, and what that depends on."""
    with TemporaryDirectory() as folder:
        sweep = swept(draws, scale, Path(folder))
        rates, table = path(sweep), effect(sweep)
    print(rates.pivot(index="year", columns="scenario").round(2).to_string())
    print(f"what the plan adds: {table.effect.median():+.2f} points, median of {len(table)} draws")
    drawn = table.filter(like="parameter.").rename(columns=lambda name: name.split(".")[1])
    along = drawn.corrwith(table.effect, method="spearman").dropna()
    print("it goes along with (rank correlation):")
    print(along.loc[along.abs().nlargest(5).index].round(2).to_string())


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=12)
    parser.add_argument("--scale", type=float, default=0.01)
    main(**vars(parser.parse_args()))
