"""Data that the screen, the page and the workbook show: tables and records, without any format."""
