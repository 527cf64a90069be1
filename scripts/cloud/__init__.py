"""Commands for the stacks on AWS: checks of a real account, and previews of a change."""
