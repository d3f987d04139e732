"""Mesa 的可视化 · Mesa's page: step the region, move a parameter, watch the counties.

    solara run docs/examples/watch_with_mesa.py       the page, on this machine
    python docs/examples/watch_with_mesa.py           builds and renders it without a browser

Needs Mesa's page: pip install 'mesa[viz]'. At scale 0.01 a step is a quarter and takes a moment.
"""

import sys
from argparse import ArgumentParser
from pathlib import Path

import solara
from ipywidgets import Image
from matplotlib.axes import Axes
from mesa.visualization import SolaraViz, make_plot_component

from xiancheng import parameters

sys.path.insert(0, str(Path(__file__).parent))  # `solara run` does not look here
from batch_with_mesa import Region

MOVED = ["alpha_family", "job_growth"]  # parameters with a slider


def sliders() -> dict[str, dict[str, float | str]]:
    """A slider for each of some parameters, over its range."""
    rows = parameters().set_index("name").loc[MOVED]
    return {
        name: {
            "type": "SliderFloat", "label": p.en, "value": float(p.central),
            "min": float(p.low), "max": float(p.high), "step": float(p.high - p.low) / 20,
        }
        for name, p in rows.iterrows()
    }  # fmt: skip


def labelled(axes: Axes) -> None:
    """Say what is drawn."""
    axes.set_ylabel("urban share of residents [%]")
    axes.legend(fontsize="small", ncols=2)


def shown(model: Region) -> solara.Element:
    """The page of a model."""
    counties = make_plot_component(list(model.datacollector.model_reporters), labelled)
    settings = {"scenario": "plan", "scale": 0.01, "seed": 1} | sliders()
    return SolaraViz(model, components=[counties], model_params=settings, name="县城 · xiancheng")


def main(quarters: int) -> None:
    """Step the model, render its page once, and say what stands on it."""
    model = Region()
    for _ in range(quarters):
        model.step()
    _, context = solara.render(shown(model), handle_error=False)
    (chart,) = context.find(Image).widgets
    print(f"rendered: a chart of {len(chart.value):,} bytes, {quarters} quarters; the last:")
    print(model.datacollector.get_model_vars_dataframe().iloc[-1].round(2).to_string())


if Path(sys.argv[0]).name == Path(__file__).name:  # to `solara run`, too, this is __main__
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--quarters", type=int, default=8)
    main(**vars(parser.parse_args()))
else:
    page = shown(Region())
