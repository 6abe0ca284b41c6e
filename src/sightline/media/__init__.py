"""Pictures in and out, and where heads come from."""
