"""Makes ``worlds`` importable from every folder of tests."""
