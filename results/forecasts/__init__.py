"""Forecasts that are frozen, and scored on what was published later."""
