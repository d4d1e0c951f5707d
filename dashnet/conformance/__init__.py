"""`dashnet conformance`: holds a server to docs/protocol.md."""
