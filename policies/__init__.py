"""Policy as code: rules for a stack's resources, checked by Pulumi's analyzer before an update."""
