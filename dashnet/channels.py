"""Names of all Redis keys and channels that are ours; no literal stands elsewhere."""

from dashnet.settings import Settings


def publication_channel(settings: Settings) -> str:
    """Pub/sub channel that carries every publication."""
    return f"{settings.redis_prefix}:publications"


def publication_stream(settings: Settings) -> str:
    """Stream of the latest publications; an entry's id is `<seq>-0`."""
    return f"{settings.redis_prefix}:publications:stream"


def publication_position(settings: Settings) -> str:
    """Hash with `epoch`, `seq` and `run_id`, the Redis process they were made in."""
    return f"{settings.redis_prefix}:publications:position"


def publication_parts(settings: Settings) -> str:
    """What the keys begin with under which the interfaces beside the latest publications lie; `seq` follows."""
    return f"{settings.redis_prefix}:publications:interfaces:"


def publication_part(settings: Settings, seq: int) -> str:
    """The interfaces beside one publication."""
    return f"{publication_parts(settings)}{seq}"


def sample_key(settings: Settings, device_id: int) -> str:
    """Last counter sample of one device."""
    return f"{settings.redis_prefix}:sample:{device_id}"


def job_queue(settings: Settings) -> str:
    """Sorted set in which arq keeps waiting jobs."""
    return f"{settings.redis_prefix}:jobs"


def requested_tick_key(settings: Settings, job: str) -> str:
    """Last tick of this job that somebody asked for by hand."""
    return f"{settings.redis_prefix}:jobs:requested:{job}"


def worker_health_key(settings: Settings) -> str:
    """Key that the worker of this name renews every few seconds while it lives."""
    return f"{worker_health_pattern(settings)[:-1]}{settings.worker_name}"


def worker_health_pattern(settings: Settings) -> str:
    """Glob that matches the health keys of all workers."""
    return f"{settings.redis_prefix}:worker:health:*"


def discovery_key(settings: Settings, discovery_id: str) -> str:
    """Hash of one discovery: `head` and `found`."""
    return f"{settings.redis_prefix}:discovery:{discovery_id}"


def discoveries_key(settings: Settings) -> str:
    """Sorted set of the ids of the discoveries that are kept, by the time of their start."""
    return f"{settings.redis_prefix}:discoveries"


def discovery_slot_key(settings: Settings, number: int) -> str:
    """Holds the id of a discovery for as long as its process keeps on saying that it runs."""
    return f"{settings.redis_prefix}:discoveries:slot:{number}"


def discovery_end_key(settings: Settings, discovery_id: str) -> str:
    """Is there once somebody asked for the end of this discovery."""
    return f"{settings.redis_prefix}:discovery:{discovery_id}:end"


def worker_sessions_key(settings: Settings) -> str:
    """Hash of the workers that were up: by name and begin, until when, and what was wrong then."""
    return f"{settings.redis_prefix}:worker:sessions"


def wished_jobs_key(settings: Settings) -> str:
    """Hash of the jobs that were asked for by hand and are not in the ledger yet: who asked, by job and tick."""
    return f"{settings.redis_prefix}:jobs:wished"


def outages_key(settings: Settings) -> str:
    """List of what kept workers from their work, the oldest first."""
    return f"{settings.redis_prefix}:worker:outages"


def inventory_copy_key(settings: Settings) -> str:
    """The inventory, packed, for a network service that starts while Postgres is away."""
    return f"{settings.redis_prefix}:inventory:copy"


def parked_key(settings: Settings) -> str:
    """Hash of the ticks whose readings wait for Postgres."""
    return f"{settings.redis_prefix}:parked"


def parked_pages_key(settings: Settings, name: str) -> str:
    """Hash of the pages of one tick that waits, packed, by number."""
    return f"{settings.redis_prefix}:parked:pages:{name}"


def parked_claim_key(settings: Settings, tick: str) -> str:
    """Held by the worker that reads for this tick while Postgres is away."""
    return f"{settings.redis_prefix}:parked:claim:{tick}"


def parked_lost_key(settings: Settings) -> str:
    """Set of the ticks whose readings were given up because too many waited."""
    return f"{settings.redis_prefix}:parked:lost"
