module inference-platform/bench/pause

go 1.26.0
