"""Bayesian inference of parameters from a table of runs and one observation.

Pure functions of arrays: nothing here runs the model or knows what a county is. A run gives each
unit a few summaries, and so does the observation.

- `table`            the runs and the observation; many units in a few hundred features
- `draws`            normal scores of parameters, in which everything is done; weighted draws
- `discrepancy`      model error, added to the summaries of runs
- `regression`       ridge regression, and small nets, cross-fitted
- `abc`              regression ABC: posterior and predictive draws
- `diagnostics`      prior predictive check, simulation-based calibration, conformal inflation;
                     what the data can tell, and which inputs explain variance
- `emulator`         the same posterior by an emulator and tempered Monte Carlo
"""
