"""Small SNMP agents on loopback addresses, with counters from the simulation: discovery and SNMP without hardware."""
