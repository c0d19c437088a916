"""What is printed on the screen."""
