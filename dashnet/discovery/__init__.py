"""`dashnet discover`: has a network looked at, shows who is there, and adds whom somebody picks."""
