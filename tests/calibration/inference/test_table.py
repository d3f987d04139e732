"""The table of runs."""

import sys

import numpy as np
import pytest

from tests import toys
from xiancheng.calibration.inference.table import EstimationError, optional


def test_a_table_whose_parts_do_not_fit_is_refused():
    theta, stats = toys.linear(20, 1)
    with pytest.raises(EstimationError, match="groups"):
        toys.table("abc", theta, stats, groups=np.zeros(3, dtype=int))


def test_a_missing_library_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.neural_network", None)
    with pytest.raises(EstimationError, match=r"scikit-learn; in its sources: pip install -e"):
        optional("sklearn.neural_network")
