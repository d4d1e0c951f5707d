"""Driver `snmp`: sessions with devices, their interface tables, and what they say of themselves."""
