import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from dashnet.channels import sample_key
from dashnet.errors import DriverFault
from dashnet.redis import create_redis
from dashnet.settings import Settings
from services.network.counters.values import LONGEST_SECONDS, Counters, Doubt, Pace, Rates, Sample
from services.network.samples import RedisSamples, decode_sample, encode_sample
from tests.ports import free_port

SAMPLE = Sample(
    "host/boot",
    12.5,
    {"lo": Counters(2**64 - 1, 0), "eth0": Counters(1, 2, 3, None, 5, 6, 32, 100.0, "2/0")},
    42949672.95,
    {"lo": Rates(0.5, 1.5, None, 0.25)},
    {"eth0": Doubt(10.0, 2**64 - 1, None, 2)},
    Pace(10.0, 42949670.0, 1),
    "a note",
)

text = st.text(st.characters(exclude_categories=["Cs"]))
speeds = st.none() | st.floats(min_value=0, allow_infinity=False)
counts = st.none() | st.integers(0, 2**64 - 1)
counters = st.builds(
    Counters, counts, counts, counts, counts, counts, counts, st.sampled_from([32, 64]), speeds, st.text("0123456789/")
)
samples = st.builds(
    Sample,
    text,
    st.floats(allow_nan=False, allow_infinity=False),
    st.dictionaries(text, counters),
    speeds,
    st.dictionaries(text, st.builds(Rates, speeds, speeds, speeds, speeds, speeds, speeds)),
    st.dictionaries(text, st.builds(Doubt, st.floats(0, 1e9), counts, counts, st.integers(0, 3))),
    st.none() | st.builds(Pace, st.floats(0, 1e9), st.floats(0, 1e9), st.integers(0, 9)),
    st.none() | text,
    st.booleans(),
)


@given(sample=samples)
def test_a_sample_survives_its_way_through_json(sample: Sample) -> None:
    assert decode_sample(encode_sample(sample)) == sample


async def test_the_last_sample_is_kept(redis: Redis, settings: Settings) -> None:
    store = RedisSamples(redis, settings)
    await store.put({1: Sample("earlier", 0, {})})
    await store.put({1: SAMPLE})
    assert await store.get([1]) == {1: SAMPLE}


async def test_replicas_share_samples(redis: Redis, settings: Settings) -> None:
    await RedisSamples(redis, settings).put({1: SAMPLE})
    other = create_redis(settings, "dashnet-other")
    assert await RedisSamples(other, settings).get([1]) == {1: SAMPLE}
    await other.aclose()


async def test_each_device_has_a_sample_of_its_own(redis: Redis, settings: Settings) -> None:
    store = RedisSamples(redis, settings)
    await store.put({1: SAMPLE, 3: Sample("other", 0, {})})
    assert await store.get([3, 2, 1]) == {3: Sample("other", 0, {}), 1: SAMPLE}


async def test_a_sample_of_no_use_any_more_is_forgotten(redis: Redis, settings: Settings) -> None:
    await RedisSamples(redis, settings).put({1: SAMPLE})
    assert LONGEST_SECONDS - 5 <= await redis.ttl(sample_key(settings, 1)) <= LONGEST_SECONDS


async def test_a_sample_of_an_older_version_is_as_none(redis: Redis, settings: Settings) -> None:
    left = b'{"clock":"host/boot","at_seconds":1.0,"interfaces":{"lo":{"sent":1,"received":2}},"rate":null}'
    await redis.set(sample_key(settings, 1), left)
    assert await RedisSamples(redis, settings).get([1]) == {}


async def test_without_redis_the_fault_is_ours(settings: Settings) -> None:
    nowhere = settings.model_copy(
        update={"redis_url": f"redis://127.0.0.1:{free_port()}/0", "redis_timeout_seconds": 0.2}
    )
    redis = create_redis(nowhere, "dashnet-test")
    with pytest.raises(DriverFault, match="Redis, which holds the last counters, is out of reach"):
        await RedisSamples(redis, nowhere).get([1])
    await redis.aclose()


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[]", b"7", b'{"clock":"a"}', b'{"counters":[1],"clock":"a"}'])
async def test_a_sample_that_is_none_costs_no_other_device_its_own(
    redis: Redis, settings: Settings, raw: bytes
) -> None:
    store = RedisSamples(redis, settings)
    await store.put({1: SAMPLE})
    await redis.set(sample_key(settings, 2), raw)
    assert await store.get([1, 2]) == {1: SAMPLE}
