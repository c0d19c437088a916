"""The data package around the tables: where numbers come from, workbooks, differences, and checks
against published figures."""
