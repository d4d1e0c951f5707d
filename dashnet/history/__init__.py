"""What was: snapshots, and the tiers that they are rolled up into. Workers write them; all read them by one plan."""
