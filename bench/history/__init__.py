"""What `make bench BENCH_ARGS=history` measures: questions about a long past, and what its upkeep costs."""
