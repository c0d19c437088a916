"""What people look at: the page on the screen, the live view of a search, the workbook. All of it
is read from a plan."""
