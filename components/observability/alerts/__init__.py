"""All alerts: each has a query, the time that it must hold, and the first thing to do."""
