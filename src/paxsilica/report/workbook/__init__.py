"""The workbook ``plan.xlsx``."""
