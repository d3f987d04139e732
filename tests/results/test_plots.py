"""Forms for notebooks of what ran and of what is read back from disk: tables, arrays, plots."""

import warnings

import numpy as np
import pandas as pd
import pytest

import xiancheng
from xiancheng import load_region
from xiancheng.calibration.errors import RequestError
from xiancheng.results.report import charts
from xiancheng.results.store.cache import RunStore
from xiancheng.results.store.ledger import load_sweep
from xiancheng.results.store.runs import load_run
from xiancheng.results.verdict.verdict import Verdict
from xiancheng.scenarios.ensemble import Ensemble, ensemble
from xiancheng.scenarios.outcome import OutcomeError, reported_groups
from xiancheng.scenarios.run_spec import RunSpec

RATE = "resident_urbanization_rate"


@pytest.fixture(scope="module")
def drawn():
    return ensemble("plan", draws=3, jobs=1, scale=0.005)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Two scenarios under two draws: four runs on disk."""
    store = RunStore(tmp_path_factory.mktemp("sweep"))
    for name in ("plan", "baseline"):
        for world in xiancheng.draws(2, only=["kappa"]):
            store.obtain(RunSpec.of(name, scale=0.005, until="2021-03-31", **world))
    return load_sweep(store.folder)


@pytest.fixture
def axes():
    """Makes axes of nobody, closed afterwards; warnings are errors."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield lambda plot: (plot.figure.canvas.draw(), plot)[1]
    plt.close("all")


def texts(plot) -> str:
    words = [each.get_text() for each in plot.get_yticklabels()]
    legends = [plot.get_legend(), *plot.figure.legends]
    words += [each.get_text() for legend in legends if legend for each in legend.get_texts()]
    return " ".join([plot.get_title(), plot.get_xlabel(), plot.get_ylabel(), *words])


# Tables


def test_every_table_has_dates_and_categories_and_both_names(drawn, swept):
    alone = Verdict.of(Ensemble(drawn.scenario, drawn.baseline, drawn.reference)).to_frame()
    tables = [drawn.scenario.to_frame(), drawn.to_frame(), Verdict.of(drawn).to_frame(), alone]
    assert alone["draw_scale"].dtype == float
    for table in [*tables, swept.targets()]:
        for name in ("county", "county_en"):
            assert isinstance(table[name].dtype, pd.CategoricalDtype)
        day = "date" if "date" in table else "deadline"
        assert pd.api.types.is_datetime64_any_dtype(table[day])


def test_an_effect_is_the_difference_of_its_row(drawn):
    table = drawn.to_frame()
    assert table["effect_pp"].tolist() == (table["scenario"] - table["baseline"]).tolist()
    assert len(table) == 4 * len(drawn.due)


# Arrays


def test_arrays_hold_what_tables_hold(drawn):
    pytest.importorskip("xarray")
    outcome = drawn.scenario
    found = outcome.to_xarray()
    assert found[RATE].sel(unit_code=371681).values.tolist() == (
        outcome.series(RATE)[:, [g.code for g in outcome.groups].index(371681)].tolist()
    )
    assert found[RATE].attrs["units"] == "percent"
    own, table = drawn.to_xarray(), drawn.to_frame().set_index(["draw", "target"])
    for side in ("scenario", "baseline"):
        for (draw, target), value in table[side].items():
            assert float(own["rate"].sel(side=side, draw=draw, target=target)) == value
    assert own["published"].sel(run=2, side="baseline").shape == (len(outcome.dates), 9)


def test_the_arrays_of_a_verdict_give_its_estimates(drawn):
    pytest.importorskip("xarray")
    verdict = Verdict.of(drawn)
    found = verdict.to_xarray()
    chance = (found["scenario"] >= found["threshold"]).mean("draw")
    assert chance.values == pytest.approx(verdict.estimates()["probability"])
    assert found["county_en"].sel(target="T-1").item() == "Zouping"


def test_a_sweep_is_read_back_as_arrays_of_paired_runs(swept):
    pytest.importorskip("xarray")
    found, runs = swept.to_xarray(), swept.to_frame()
    assert found[RATE].dims == ("scenario", "world", "seed", "scale", "unit_code")
    for row in runs.to_dict("records"):
        world = found.where(found["drawn"] == row["drawn"], drop=True)["world"].item()
        cell = found[RATE].sel(scenario=row["scenario"], world=world, seed=row["seed"],
                               scale=row["scale"], unit_code=371600)  # fmt: skip
        assert cell.item() == row[f"{RATE}_371600"]
    assert int(found[RATE].notnull().any("unit_code").sum()) == len(runs) == 4
    assert set(found["parameter.kappa"].values) == set(runs["parameter.kappa"])
    assert {*found["unit_code"].values} == {g.code for g in reported_groups(load_region("binzhou"))}
    assert found["parameter.return_after_50"].dims == ("world",), "50 is no unit"


def test_a_run_is_read_back_with_the_same_forms(swept):
    pytest.importorskip("xarray")
    saved = swept.run(swept.to_frame()["key"].iloc[0])
    outcome = load_run(saved.folder).outcome()
    pd.testing.assert_frame_equal(saved.to_frame(), outcome.to_frame(), check_exact=True)
    for name, each in outcome.to_xarray().items():
        np.testing.assert_array_equal(saved.to_xarray()[name], each)


def test_a_run_is_found_by_the_folder_that_holds_it_and_several_are_named(swept, tmp_path):
    keys = swept.to_frame()["key"].tolist()
    with pytest.raises(RequestError, match=f"holds 4 runs; name one of them: {min(keys)}"):
        load_run(swept.folder / "runs")
    assert load_run(keys[0], runs=str(swept.folder / "runs")).record.key == keys[0]
    (tmp_path / "alone").symlink_to(swept.folder / "runs" / keys[0])
    assert load_run(tmp_path).record.key == keys[0]


def test_quantiles_of_a_sweep_are_those_of_its_rows(swept):
    column = f"{RATE}_371600"
    rows, found = swept.to_frame(), swept.quantiles(column, at=[0.5]).set_index("scenario")
    plan = rows.loc[rows["scenario"] == "plan", column]
    assert found.loc["plan", 0.5] == pytest.approx(plan.median())
    with pytest.raises(RequestError, match=f"no column '{RATE}_3716'; there are: {RATE}_371602"):
        swept.quantiles(f"{RATE}_3716")


# Plots


@pytest.mark.parametrize(("lang", "words"), [("zh", "邹平市"), ("en", "Zouping")])
def test_plots_are_in_the_readers_language_and_warn_of_nothing(drawn, axes, lang, words):
    verdict = Verdict.of(drawn)
    for plot in (drawn.scenario.plot(lang=lang), verdict.plot(lang=lang)):
        assert words in texts(axes(plot))
    path = drawn.plot(371681, lang=lang)
    assert words in axes(path).get_title()


def test_lines_are_the_series(drawn, axes):
    plot = axes(drawn.scenario.plot("residents", places=[371681, 371600]))
    wanted = drawn.scenario.series("residents")
    codes = [group.code for group in drawn.scenario.groups]
    for line, code in zip(plot.get_lines(), (371681, 371600), strict=True):
        assert line.get_ydata().tolist() == wanted[:, codes.index(code)].tolist()


def test_a_plot_goes_on_the_axes_that_are_given(drawn, swept, axes):
    plt = pytest.importorskip("matplotlib.pyplot")
    figure, (left, right) = plt.subplots(1, 2)
    assert drawn.scenario.plot(ax=left) is left
    assert swept.plot(ax=right) is right
    assert "baseline" in texts(axes(right))
    assert plt.get_fignums() == [figure.number]


def test_without_a_chinese_font_names_are_english(drawn, axes, monkeypatch):
    monkeypatch.setattr(charts, "font_folder", lambda: None)
    monkeypatch.setattr(charts, "CHINESE_FONTS", ())
    plot = axes(drawn.scenario.plot(lang="zh"))
    assert texts(plot).isascii()
    assert "Zouping" in texts(plot)


def test_a_font_of_the_system_serves_where_ours_is_not_installed(monkeypatch):
    fonts = pytest.importorskip("matplotlib.font_manager")
    monkeypatch.setattr(charts, "font_folder", lambda: None)
    known = sorted({font.name for font in fonts.fontManager.ttflist})
    monkeypatch.setattr(charts, "CHINESE_FONTS", ("No Such Font", known[0]))
    assert charts.chinese_font() == known[0]


def test_what_there_is_not_is_refused_with_the_nearest(drawn, swept, axes):
    with pytest.raises(OutcomeError, match="residents"):
        drawn.scenario.plot("residentz")
    with pytest.raises(RequestError, match="371681"):
        drawn.plot(371682)
    with pytest.raises(RequestError, match="unit code"):
        drawn.scenario.plot(places=[1])
    with pytest.raises(RequestError, match=f"{RATE}_371600"):
        swept.plot(f"{RATE}_371699")
    with pytest.raises(RequestError, match="lang"):
        drawn.scenario.plot(lang="fr")


def test_without_matplotlib_a_plot_says_what_it_needs(drawn, monkeypatch):
    monkeypatch.setattr(charts, "find_spec", lambda name: None)
    with pytest.raises(RequestError, match="matplotlib"):
        drawn.scenario.plot()
