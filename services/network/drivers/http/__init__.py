"""Driver `http`: a page that answers as it should, and its certificate; the round trip is the time to its headers."""

from services.network.drivers.http.body import MOST_BODY_BYTES
from services.network.drivers.http.driver import HttpDriver
from services.network.drivers.http.options import NAME, HttpOptions

__all__ = ["MOST_BODY_BYTES", "NAME", "HttpDriver", "HttpOptions"]
