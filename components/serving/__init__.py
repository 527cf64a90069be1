"""One typed InferenceService with its runtime, its model, its address and its smoke check."""
