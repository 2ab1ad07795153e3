"""Simple questions in a table: CSV, or the first sheet of a spreadsheet."""
