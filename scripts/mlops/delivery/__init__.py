"""Progressive delivery: a candidate gets more and more of the requests as long as it is as good as the stable version, else none."""
