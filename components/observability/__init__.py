"""Dashboards, alerts and objectives, generated from typed Python for each model and for the platform."""
