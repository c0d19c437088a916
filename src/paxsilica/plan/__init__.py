"""The plan: solved from an instance, read back as frozen tidy tables, saved and loaded."""
