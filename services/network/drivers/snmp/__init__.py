"""Driver `snmp`: a device that answers SNMP, from the counters of its interfaces."""
