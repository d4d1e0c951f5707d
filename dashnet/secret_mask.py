"""What stands in the place of a secret wherever a device is shown; whoever sends it back means the stored one."""

SECRET_MASK = "**********"
