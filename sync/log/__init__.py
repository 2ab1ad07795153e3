"""Reading the body's log from outside: for anyone who wants to see that nothing leaves it."""
