"""Estimation: what a table of runs and one observation say of the parameters, and how far to trust.

Pure functions of arrays. Nothing here runs the model, and nothing knows what a county is:
a run says of each unit a few summaries, and so does the observation.

- `table`        the runs and the observation
- `scores`       parameters as normal scores of their priors, in which everything below is done
- `discrepancy`  what the model leaves out, added to what runs say
- `surprise`     prior predictive check: can the model make what was observed at all?
- `features`     many units in a few hundred numbers; any of them may be left out
- `estimate`     regression ABC on learned summaries: posterior and predictive draws
- `gate`         simulation-based calibration: may the intervals be shown?
- `emulate`, `matching`, `tempering`, `agreement`  a second opinion by another road
- `identify`, `screening`  what the data can tell, and what moves what
"""
