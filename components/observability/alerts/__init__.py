"""All alerts: each with its query, how long it must hold, and what to do first."""
