"""Reports of a plan: screen, live view of a search, page, workbook and export files."""
