"""Progressive delivery: a candidate gets more and more of the requests while it does as well as the stable version, else none."""
