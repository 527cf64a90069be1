"""Driving the stacks that run on AWS: what a real account lacks, and what a change would do."""
