"""What `dashnet doctor` looks at, each look on its own."""
