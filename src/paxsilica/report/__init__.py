"""What people look at: the summary on the screen, the live view of a search, and the workbook. All of it is read from a plan, nothing is computed anew."""
