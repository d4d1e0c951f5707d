"""Driver `dns`: a name server that answers a question, as expected; the round trip is that of the question."""

from services.network.drivers.dns.driver import DnsDriver
from services.network.drivers.dns.options import NAME, DnsOptions

__all__ = ["NAME", "DnsDriver", "DnsOptions"]
