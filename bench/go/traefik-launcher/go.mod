module inference-platform/bench/traefik-launcher

go 1.26.0
