"""Statistical forecasts of county urbanization rates, their scores, and their mixture."""
