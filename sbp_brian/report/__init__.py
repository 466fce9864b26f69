"""What records say, in the terminal and on one page."""
