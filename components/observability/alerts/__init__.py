"""What wakes a person, or waits for one: each alert with the query, how long it must hold, and what to do first."""
