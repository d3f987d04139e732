"""Typed tables, named axes, and what is said where an optional library is missing."""

from datetime import date
from importlib import util

import numpy as np
import pandas as pd
import pytest

from xiancheng.calibration import forms
from xiancheng.calibration.errors import RequestError


def test_days_become_dates_and_names_categories_in_their_order():
    table = pd.DataFrame({"county": ["乙", "甲", "乙"], "deadline": [date(2025, 12, 31)] * 3,
                          "value": [1.0, 2.0, 3.0]})  # fmt: skip
    typed = forms.typed(table)
    assert typed["county"].cat.categories.tolist() == ["乙", "甲"]
    assert typed["county"].tolist() == table["county"].tolist()
    assert pd.api.types.is_datetime64_any_dtype(typed["deadline"])
    assert typed["value"].tolist() == table["value"].tolist()
    assert table["county"].dtype != typed["county"].dtype, "the table given stays as it is"


def test_a_table_of_no_rows_keeps_its_columns():
    empty = forms.typed(pd.DataFrame(columns=["county", "deadline"]))
    assert list(empty.columns) == ["county", "deadline"]


def test_a_missing_library_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(forms, "find_spec", lambda name: None)
    with pytest.raises(RequestError, match="pip install xarray"):
        forms.dataset({}, {})
    with pytest.raises(RequestError, match="pip install ema-workbench"):
        forms.needed("ema_workbench", "ema-workbench")


def test_attributes_are_what_files_can_hold():
    if util.find_spec("xarray") is None:
        pytest.skip("xarray is missing")
    found = forms.dataset({"x": (("a",), np.arange(2.0))}, {"a": [1, 2]}, units={"x": "percent"},
                          about={"n": 3, "settings": {"k": 1}})  # fmt: skip
    assert found["x"].attrs == {"units": "percent"}
    assert found.attrs == {"n": 3, "settings": "{'k': 1}"}
