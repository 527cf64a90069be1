"""Policy as code: rules over what a stack registers, read at plan time by Pulumi's analyzer."""
