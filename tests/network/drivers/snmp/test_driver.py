import asyncio
import time

import pytest

from dashnet.errors import DriverFault
from dashnet.reading import State
from services.network.counters.clocks import BY_OUR_CLOCK, DISAGREE, FIRST, RESTARTED
from services.network.demo_agents.ber import COUNTER64, Value, name, text, whole
from services.network.drivers.driver import ReadLimits
from services.network.drivers.snmp.agents import TABLES_SECONDS
from services.network.drivers.snmp.driver import SnmpDriver
from tests.network.drivers.agent import IF_X_TABLE, LOOPBACK, TUNNEL, Interface, Pair, run_agent
from tests.network.drivers.memory_samples import MemorySamples
from tests.network.drivers.polls import TIMEOUT_SECONDS, Poller

# Bytes in a minute that are 1 Mbit/s.
MEGABIT = 7_500_000
UPTIME = "1.3.6.1.2.1.1.3.0"


async def test_the_first_reading_is_up_and_knows_its_interfaces_without_rates() -> None:
    async with run_agent(Interface("eth0", 10**12, 10**13, alias="to the cellar")) as agent:
        reading = await Poller(agent).read()
    assert (reading.state, reading.error, reading.upload_speed) == (State.UP, FIRST, None)
    (interface,) = reading.interfaces
    assert (interface.name, interface.alias, interface.state) == ("eth0", "to the cellar", State.UP)
    assert (interface.interface_type, interface.line_speed, interface.upload_speed) == (6, 1000.0, None)


async def test_rates_are_the_means_since_the_last_reading_and_the_device_is_their_sum() -> None:
    async with run_agent(Interface("eth0", 10**12, 10**13), Interface("eth1")) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].octets_in += 3 * MEGABIT
        agent.interfaces[1].octets_out += 2 * MEGABIT
        agent.interfaces[2].octets_in += MEGABIT
        agent.interfaces[2].errors_in += 30
        agent.interfaces[2].discards_out += 120
        reading = await poller.read_after()
    assert (reading.upload_speed, reading.download_speed) == (2.0, 4.0)
    first, second = reading.interfaces
    assert (first.upload_speed, first.download_speed) == (2.0, 3.0)
    assert (second.errors_in, second.discards_out, second.errors_out) == (0.5, 2.0, 0.0)


async def test_the_round_trip_is_that_of_one_request() -> None:
    async with run_agent(Interface("eth0"), delay_seconds=0.05) as agent:
        reading = await Poller(agent).read()
    assert reading.round_trip_seconds is not None
    assert 0.05 <= reading.round_trip_seconds < TIMEOUT_SECONDS


async def test_the_devices_clock_tells_the_time_between_two_readings() -> None:
    """The second answer was a second on its way."""
    async with run_agent(Interface("eth0")) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].octets_out += MEGABIT
        poller.now += 1
        reading = await poller.read_after()
    assert reading.upload_speed == 1.0


async def test_without_an_uptime_our_clock_does() -> None:
    async with run_agent(Interface("eth0"), overrides={UPTIME: None}) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].octets_out += MEGABIT
        reading = await poller.read_after()
    assert (reading.state, reading.upload_speed) == (State.UP, 1.0)


async def test_a_32_bit_counter_that_wraps_goes_on() -> None:
    async with run_agent(Interface("old0", 2**32 - 1000, 5, bits=32)) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].octets_in += MEGABIT
        interfaces = await poller.read_interfaces_after()
    assert (interfaces["old0"].download_speed, interfaces["old0"].upload_speed) == (1.0, 0.0)


async def test_a_counter_that_is_out_of_its_mind_once_makes_no_spike() -> None:
    async with run_agent(Interface("eth0", 10**12), Interface("eth1")) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].octets_in = 2**64 - 384
        agent.interfaces[2].octets_in += MEGABIT
        reading = await poller.read_after()
        assert (reading.download_speed, reading.interfaces[0].download_speed) == (1.0, None)
        assert reading.error == "1 of 2 interfaces has no rate: counted more than its line can carry (eth0)"
        agent.interfaces[1].octets_in = 10**12 + 2 * MEGABIT
        assert (await poller.read_interfaces_after())["eth0"].download_speed is None
        agent.interfaces[1].octets_in += MEGABIT
        reading = await poller.read_after()
    assert (reading.interfaces[0].download_speed, reading.error) == (1.0, None)


@pytest.mark.parametrize("counted", [0, 10**12])
async def test_64_bit_counters_that_stand_still_give_way_to_those_of_32_bits(counted: int) -> None:
    dead: dict[str, Value | None] = {f"{IF_X_TABLE}.{column}.1": whole(counted, COUNTER64) for column in (6, 10)}
    async with run_agent(Interface("eth0", 10**9, 10**9), overrides=dead) as agent:
        poller = Poller(agent)
        await poller.read()
        speeds = []
        for _ in range(5):
            agent.interfaces[1].octets_in += MEGABIT
            agent.interfaces[1].octets_out += 2 * MEGABIT
            reading = await poller.read_after()
            speeds.append((reading.upload_speed, reading.download_speed))
    assert speeds[-2:] == [(2.0, 1.0), (2.0, 1.0)]


async def test_64_bit_counters_that_read_zero_are_never_shown_as_no_traffic() -> None:
    dead: dict[str, Value | None] = {f"{IF_X_TABLE}.{column}.1": whole(0, COUNTER64) for column in (6, 10)}
    async with run_agent(Interface("eth0", 10**9, 10**9), overrides=dead) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].octets_in += MEGABIT
        agent.interfaces[1].octets_out += MEGABIT
        reading = await poller.read_after()
    assert (reading.upload_speed, reading.download_speed) == (1.0, 1.0)


async def test_64_bit_counters_that_vanish_give_way_or_leave_the_sum_unknown() -> None:
    gone: dict[str, Value | None] = {f"{IF_X_TABLE}.{column}.1": None for column in (6, 10)}
    async with run_agent(Interface("eth0", 10**12, 10**12)) as agent:
        poller = Poller(agent)
        await poller.read()
        speeds = []
        for number in range(4):
            agent.interfaces[1].octets_in += MEGABIT
            agent.overrides = {} if number % 2 else gone
            speeds.append((await poller.read_after()).download_speed)
    assert set(speeds) <= {None, 1.0}
    assert speeds[0] is None


@pytest.mark.parametrize("speed", [0.0, 0.01, 0.8])
async def test_an_uptime_that_is_no_clock_is_noticed_and_ours_is_taken(speed: float) -> None:
    async with run_agent(Interface("eth0", 10**12)) as agent:
        poller = Poller(agent)
        await poller.read()
        seen = []
        for _ in range(4):
            poller.now += 60
            agent.tick(60 * speed)
            agent.interfaces[1].octets_in += MEGABIT
            reading = await poller.read()
            seen.append((reading.download_speed, reading.error))
    assert seen == [(None, DISAGREE), (None, DISAGREE), (1.0, BY_OUR_CLOCK), (1.0, BY_OUR_CLOCK)]


async def test_a_line_speed_that_changes_is_read_anew_when_it_is_exceeded() -> None:
    async with run_agent(Interface("eth0", speed=100)) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].speed = 1000
        agent.interfaces[1].octets_in += 500 * MEGABIT
        assert (await poller.read_after()).download_speed is None
        agent.interfaces[1].octets_in += 500 * MEGABIT
        (interface,) = (await poller.read_after()).interfaces
    assert (interface.download_speed, interface.line_speed) == (500.0, 1000.0)


async def test_a_line_speed_that_is_made_up_is_shown_as_unknown_in_the_end() -> None:
    async with run_agent(Interface("eth0", speed=10)) as agent:
        poller = Poller(agent)
        await poller.read()
        for _ in range(4):
            agent.interfaces[1].octets_in += 500 * MEGABIT
            (interface,) = (await poller.read_after()).interfaces
    assert (interface.download_speed, interface.line_speed) == (500.0, None)


async def test_a_counter_that_was_reset_gives_no_rate_once() -> None:
    async with run_agent(Interface("eth0", 10**12, 10**12), Interface("eth1")) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].octets_in = 5
        agent.interfaces[1].octets_out += MEGABIT
        agent.interfaces[2].octets_out += MEGABIT
        interfaces = await poller.read_interfaces_after()
        assert interfaces["eth0"].upload_speed is None
        assert interfaces["eth1"].upload_speed == 1.0
        agent.interfaces[1].octets_out += MEGABIT
        assert (await poller.read_interfaces_after())["eth0"].upload_speed == 1.0


async def test_no_rate_is_made_across_a_restart_even_if_the_counters_are_ahead() -> None:
    async with run_agent(Interface("eth0", 1, 1)) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.uptime_seconds = 5.0
        agent.interfaces[1].octets_in = 10**12
        poller.now += 60
        reading = await poller.read()
    assert (reading.state, reading.error) == (State.UP, RESTARTED)
    assert (reading.download_speed, reading.interfaces[0].download_speed) == (None, None)


async def test_an_uptime_that_wraps_is_no_restart() -> None:
    async with run_agent(Interface("eth0"), uptime_seconds=2**32 / 100 - 20) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].octets_out += MEGABIT
        reading = await poller.read_after()
    assert reading.upload_speed == pytest.approx(1.0)


async def test_interrupted_counters_give_no_rate_once() -> None:
    async with run_agent(Interface("eth0")) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].octets_out = 10**12
        agent.interfaces[1].discontinuity = 4711
        assert (await poller.read_interfaces_after())["eth0"].upload_speed is None
        agent.interfaces[1].octets_out += MEGABIT
        assert (await poller.read_interfaces_after())["eth0"].upload_speed == 1.0


async def test_interfaces_that_change_numbers_keep_their_names_and_get_no_false_rate() -> None:
    async with run_agent(Interface("eth0", 10**6, 10**6), Interface("eth1", 10**12, 10**12)) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces = {1: agent.interfaces[2], 2: agent.interfaces[1]}
        swapped = await poller.read_interfaces_after()
        assert [swapped["eth0"].upload_speed, swapped["eth1"].upload_speed] == [None, None]
        agent.interfaces[2].octets_out += MEGABIT
        assert (await poller.read_interfaces_after())["eth0"].upload_speed == 1.0


async def test_two_readings_at_once_share_one_sample() -> None:
    async with run_agent(Interface("eth0")) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].octets_out += MEGABIT
        await poller.read_after()
        agent.interfaces[1].octets_out += 10**9
        assert (await poller.read_after(1)).upload_speed == 1.0
        agent.interfaces[1].octets_out += MEGABIT * 60 - 10**9
        assert (await poller.read_after(59)).upload_speed == 60.0


async def test_a_gap_gives_the_mean_over_all_of_it_and_no_spike() -> None:
    async with run_agent(Interface("eth0")) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.is_silent = True
        agent.interfaces[1].octets_out += 5 * MEGABIT
        assert (await poller.read_after(240)).state is State.DOWN
        agent.is_silent = False
        assert (await poller.read_after(60)).upload_speed == 1.0


async def test_a_silent_device_is_down_after_its_tries_and_delays_no_other() -> None:
    async with run_agent(is_silent=True) as silent, run_agent(Interface("eth0")) as agent:
        poller = Poller(agent)
        targets = [poller.target(1, port=silent.port), poller.target(2)]
        started = time.monotonic()
        down, up = await poller.driver.read(targets, {})
        seconds = time.monotonic() - started
    assert (down.state, up.state) == (State.DOWN, State.UP)
    assert down.error is not None
    assert down.error.startswith(f"no answer from 127.0.0.1 port {silent.port} (asked 2 times, 0.2 s each)")
    assert seconds < 2 * TIMEOUT_SECONDS + 0.5
    assert len(silent.requests) == 2


async def test_the_wrong_community_is_named_among_the_reasons() -> None:
    async with run_agent(Interface("eth0")) as agent:
        reading = await Poller(agent, community="s3cret-word", retries=0).read()
    assert reading.state is State.DOWN
    assert reading.error is not None
    assert reading.error.endswith("the community is wrong")
    assert "s3cret-word" not in reading.error


async def test_the_version_is_named_among_the_reasons() -> None:
    async with run_agent(Interface("eth0"), speaks_1=True) as agent:
        reading = await Poller(agent, retries=0).read()
    assert reading.state is State.DOWN
    assert reading.error is not None
    assert 'the version (some devices speak 1 alone: say "version": "1") or the community is wrong' in reading.error


async def test_a_device_that_speaks_version_1_alone_is_read() -> None:
    """It has no 64-bit counters, and an object that it lacks costs the whole answer."""
    interfaces = [Interface(f"eth{number}", number, 2**32 - 1000, bits=32) for number in range(6)]
    overrides: dict[str, Value | None] = {f"1.3.6.1.2.1.31.1.1.1.19.{index}": None for index in range(1, 7)}
    async with run_agent(*interfaces, speaks_1=True, overrides=overrides) as agent:
        poller = Poller(agent, version="1")
        await poller.read()
        await poller.read_after()
        agent.interfaces[3].octets_in += MEGABIT
        agent.interfaces[3].octets_out += 2 * MEGABIT
        agent.requests.clear()
        reading = await poller.read_after()
    assert (reading.state, reading.error, len(reading.interfaces)) == (State.UP, None, 6)
    assert (reading.download_speed, reading.upload_speed) == (1.0, 2.0)
    # What it lacks is not asked for again.
    assert len(agent.requests) <= 4


async def test_an_answer_from_another_address_is_taken() -> None:
    async with run_agent(Interface("eth0"), answers_from="127.0.0.2") as agent:
        poller = Poller(agent)
        assert (await poller.read()).state is State.UP
        agent.interfaces[1].octets_in += MEGABIT
        agent.requests.clear()
        assert (await poller.read_after()).download_speed == 1.0
    # Once it is known nothing is asked in vain.
    assert len(agent.requests) == 2


async def test_an_answer_to_another_request_is_not_taken_from_anywhere() -> None:
    async with run_agent(Interface("eth0"), answers_from="127.0.0.2", garble=_with_another_id) as agent:
        assert (await Poller(agent).read()).state is State.DOWN


def _with_another_id(answer: bytes) -> bytes:
    """The same with another request id, which begins behind the header of the PDU."""
    at = answer.index(b"\xa2") + 5 if answer[answer.index(b"\xa2") + 1] & 0x80 else answer.index(b"\xa2") + 4
    return answer[:at] + bytes((answer[at] ^ 0x55,)) + answer[at + 1 :]


async def test_a_device_that_answers_from_its_own_address_again_is_still_up() -> None:
    async with run_agent(Interface("eth0"), answers_from="127.0.0.2") as agent:
        poller = Poller(agent)
        await poller.read()
        agent.answers_from = ""
        assert [(await poller.read_after()).state for _ in range(3)] == [State.UP] * 3


async def test_where_nobody_listens_a_device_is_down() -> None:
    async with run_agent() as agent:
        poller = Poller(agent)
    assert (await poller.read()).state is State.DOWN


async def test_a_lost_answer_is_asked_for_again() -> None:
    async with run_agent(Interface("eth0")) as agent:
        poller = Poller(agent)
        agent.is_silent = True
        reading = asyncio.create_task(poller.read())
        while not agent.requests:  # noqa: ASYNC110 - of another socket
            await asyncio.sleep(0.01)
        agent.is_silent = False
        assert (await reading).state is State.UP


async def test_an_answer_that_comes_too_late_is_not_taken_for_another() -> None:
    async with run_agent(Interface("eth0"), delay_seconds=TIMEOUT_SECONDS * 2.5) as agent:
        poller = Poller(agent, retries=3)
        assert (await poller.read()).state is State.DOWN
        agent.delay_seconds = 0.0
        assert [one.name for one in (await poller.read_after()).interfaces] == ["eth0"]


@pytest.mark.parametrize(
    "garble",
    [
        pytest.param(lambda answer: answer[:0] + b"\x00" * 20, id="zeros"),
        pytest.param(lambda answer: answer[:0] + b"\xff" * 60, id="ones"),
        pytest.param(lambda answer: answer[:-5], id="cut off"),
        pytest.param(lambda answer: answer[:0], id="empty"),
        pytest.param(lambda answer: answer[:2] + b"\xff" * 10 + answer[12:], id="a length out of bounds"),
        pytest.param(lambda answer: answer + answer, id="twice"),
        pytest.param(lambda answer: answer[:0] + b"HTTP/1.1 400 Bad Request\r\n\r\n", id="another protocol"),
    ],
)
async def test_garbage_does_no_harm(garble: object) -> None:
    async with run_agent(Interface("eth0"), garble=garble) as agent, run_agent(Interface("eth0")) as other:
        poller = Poller(other)
        readings = await poller.driver.read([poller.target(1, port=agent.port), poller.target(2)], {})
    assert readings[0].state in (State.DOWN, State.UP)
    assert readings[1].state is State.UP


@pytest.mark.parametrize("most_varbinds", [1, 2, 3, 7, 20, 39])
async def test_requests_shrink_until_the_agent_does_not_find_them_too_big(most_varbinds: int) -> None:
    interfaces = [Interface(f"eth{number}", number, number) for number in range(12)]
    async with run_agent(*interfaces, most_varbinds=max(most_varbinds, 2)) as agent:
        reading = await Poller(agent).read()
    assert [one.name for one in reading.interfaces] == [one.name for one in interfaces]


async def test_requests_shrink_where_large_answers_are_lost() -> None:
    interfaces = [Interface(f"eth{number}") for number in range(12)]
    async with run_agent(*interfaces, most_answered=12) as agent:
        poller = Poller(agent, retries=2, timeout_seconds=0.1)
        reading = await poller.read()
        assert len(reading.interfaces) == 12
        agent.requests.clear()
        await poller.read_after()
    assert max(len(request.oids) for request in agent.requests) <= 12


async def test_a_device_that_answers_but_not_about_its_interfaces_is_up() -> None:
    async with run_agent(*(Interface(f"eth{number}") for number in range(12)), most_answered=4) as agent:
        reading = await Poller(agent, retries=0).read()
    assert (reading.state, reading.interfaces) == (State.UP, ())
    assert reading.error is not None
    assert reading.error.startswith("answers, but not about its interfaces: no answer from 127.0.0.1")


async def test_a_reading_asks_only_for_what_it_needs_once_the_tables_are_known() -> None:
    async with run_agent(*(Interface(f"eth{number}", 1, 1) for number in range(12))) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.requests.clear()
        await poller.read_after()
    # A head of 3 objects, then 12 interfaces of 9 objects, 39 at a time.
    assert [len(request.oids) for request in agent.requests] == [3, 40, 40, 31]


async def test_the_tables_are_read_anew_after_some_time() -> None:
    async with run_agent(Interface("eth0")) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].alias = "to the attic"
        assert (await poller.read_interfaces_after())["eth0"].alias is None
        assert (await poller.read_interfaces_after(TABLES_SECONDS * 1.3))["eth0"].alias == "to the attic"


async def test_a_new_interface_is_seen_at_the_next_reading() -> None:
    async with run_agent(Interface("eth0")) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[2] = Interface("eth1", 10**12, 10**12)
        interfaces = await poller.read_interfaces_after()
        assert (list(interfaces), interfaces["eth1"].upload_speed) == (["eth0", "eth1"], None)


async def test_an_interface_that_goes_down_stays_and_is_down() -> None:
    async with run_agent(Interface("eth0"), Interface("eth1")) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[2].oper = 2
        for seconds in (60.0, TABLES_SECONDS * 1.3):
            interfaces = await poller.read_interfaces_after(seconds)
            assert [one.state for one in interfaces.values()] == [State.UP, State.DOWN]


async def test_without_a_choice_the_physical_ones_that_are_up_are_kept() -> None:
    interfaces = [
        Interface("lo", kind=LOOPBACK),
        Interface("eth0"),
        Interface("tun0", kind=TUNNEL),
        Interface("eth1", oper=2),
        Interface("eth2", admin=2),
    ]
    async with run_agent(*interfaces) as agent:
        reading = await Poller(agent).read()
    assert [one.name for one in reading.interfaces] == ["eth0"]


@pytest.mark.parametrize("admin", [0, 1, 3, 7])
async def test_only_an_interface_that_is_switched_off_is_left_out(admin: int) -> None:
    async with run_agent(Interface("eth0", admin=admin), Interface("eth1", admin=2)) as agent:
        reading = await Poller(agent).read()
    assert [one.name for one in reading.interfaces] == ["eth0"]


async def test_a_device_without_interfaces_is_up_and_says_so() -> None:
    async with run_agent() as agent:
        reading = await Poller(agent, interfaces=["*"]).read()
    assert (reading.state, reading.upload_speed) == (State.UP, None)
    assert reading.error is not None
    assert reading.error.startswith("answers, but shows no interfaces: it has none, or")


async def test_a_device_without_an_interface_that_is_up_says_how_many_it_has() -> None:
    async with run_agent(Interface("eth0", oper=2), Interface("eth1", oper=2)) as agent:
        reading = await Poller(agent).read()
    assert (reading.state, reading.error) == (State.UP, "answers, but none of its 2 interfaces is up")


async def test_a_choice_that_fits_nothing_is_a_fault_of_ours() -> None:
    async with run_agent(Interface("eth0"), Interface("eth1")) as agent:
        reading = await Poller(agent, interfaces=["ge-*"]).read()
    assert reading.state is State.UNKNOWN
    assert reading.error == "the device has no interface that the options name; it has: eth0, eth1"


async def test_the_busiest_are_those_with_most_traffic_since_the_tables_were_last_read() -> None:
    interfaces = [Interface("eth0", 10**12), Interface("eth1", 10**11), Interface("eth2", 10**10)]
    async with run_agent(*interfaces) as agent:
        poller = Poller(agent, busiest=2)
        assert [one.name for one in (await poller.read()).interfaces] == ["eth0", "eth1"]
        agent.interfaces[3].octets_in += 10**10
        agent.interfaces[2].octets_in += 10**9
        names = list(await poller.read_interfaces_after(TABLES_SECONDS * 1.3))
    assert names == ["eth1", "eth2"]


async def test_a_mib_that_ends_early_leaves_what_there_is() -> None:
    """No ifXTable at all: names from ifDescr, 32-bit counters."""
    removed = {f"{IF_X_TABLE}.{column}.1": None for column in (1, 6, 10, 15, 17, 18, 19)}
    async with run_agent(Interface("eth0"), overrides=removed) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.interfaces[1].octets_out += MEGABIT
        (interface,) = (await poller.read_after()).interfaces
    assert (interface.name, interface.upload_speed, interface.line_speed) == ("descr of eth0", 1.0, 1000.0)


@pytest.mark.parametrize(
    "wrong",
    [
        text("many"),
        name("1.3.6.1.4.1"),
        whole(-5),
        Value(COUNTER64, b""),
        Value(0x05, b""),
        Value(0x50, b"xx"),
    ],
)
async def test_values_of_a_wrong_type_are_as_none(wrong: Value) -> None:
    async with run_agent(Interface("eth0", 5, 5), Interface("eth1")) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.overrides = {f"{IF_X_TABLE}.6.1": wrong}
        agent.interfaces[2].octets_out += MEGABIT
        interfaces = await poller.read_interfaces_after()
    assert interfaces["eth0"].download_speed in (None, 0.0)
    assert interfaces["eth1"].upload_speed == 1.0


@pytest.mark.parametrize("broken", ["an error", "no BER"])
async def test_an_object_that_spoils_an_answer_costs_only_itself(broken: str) -> None:
    oid = f"{IF_X_TABLE}.6.7"
    async with run_agent(*(Interface(f"eth{number}") for number in range(12))) as agent:
        poller = Poller(agent)
        await poller.read()
        agent.broken = oid if broken == "an error" else ""
        agent.overrides = {oid: Value(0x50, b"xx")} if broken == "no BER" else {}
        agent.interfaces[8].octets_in += MEGABIT
        agent.requests.clear()
        interfaces = await poller.read_interfaces_after()
    assert (len(interfaces), interfaces["eth6"].download_speed) == (12, None)
    assert interfaces["eth7"].download_speed == 1.0
    assert len(agent.requests) < 40


async def test_rows_that_come_twice_count_once() -> None:
    async with run_agent(Interface("eth0"), Interface("eth1"), repeat=lambda pairs: pairs + pairs) as agent:
        reading = await Poller(agent).read()
    assert [one.name for one in reading.interfaces] == ["eth0", "eth1"]


async def test_rows_that_come_in_no_order_are_all_taken() -> None:
    def swap(pairs: list[Pair]) -> list[Pair]:
        return [pairs[0], pairs[1], pairs[3], pairs[2], *pairs[4:]] if len(pairs) > 6 else pairs

    interfaces = [Interface(f"eth{number}", number, number) for number in range(6)]
    async with run_agent(*interfaces, repeat=swap) as agent:
        reading = await Poller(agent).read()
    assert [one.name for one in reading.interfaces] == [one.name for one in interfaces]


async def test_a_walk_that_jumps_back_again_and_again_ends_with_all_rows() -> None:
    def jump(pairs: list[Pair]) -> list[Pair]:
        is_column = len(pairs) > 6 and pairs[0][0][:-1] == pairs[3][0][:-1]
        return pairs[:4] + pairs[1:4] if is_column else pairs

    async with run_agent(*(Interface(f"eth{number}") for number in range(4)), repeat=jump) as agent:
        reading = await asyncio.wait_for(Poller(agent).read(), 30)
    assert len(reading.interfaces) == 4


async def test_a_walk_that_goes_round_in_circles_ends() -> None:
    async with run_agent(Interface("eth0"), repeat=lambda pairs: pairs[:1] * 5) as agent:
        reading = await asyncio.wait_for(Poller(agent).read(), 5)
    assert reading.state is State.UP


async def test_interfaces_of_one_name_are_told_apart_by_their_numbers() -> None:
    overrides: dict[str, Value | None] = {f"1.3.6.1.2.1.2.2.1.2.{index}": text("port") for index in (1, 2)}
    async with run_agent(Interface("same"), Interface("same"), overrides=overrides) as agent:
        reading = await Poller(agent).read()
    assert [one.name for one in reading.interfaces] == ["port#1", "port#2"]


async def test_a_host_name_without_an_address_is_unknown() -> None:
    async with run_agent() as agent:
        poller = Poller(agent)
        target = poller.target()
        nowhere = type(target)(1, "Switch", "nowhere.invalid", "snmp", target.options, None)
        (reading,) = await poller.driver.read([nowhere], {})
    assert reading.state is State.UNKNOWN
    assert reading.error is not None
    assert reading.error.startswith("no address for nowhere.invalid: ")


class BrokenSamples(MemorySamples):
    """Redis is out of reach."""

    async def put(self, samples: object) -> None:  # noqa: ARG002
        raise DriverFault("out of reach")


async def test_a_sample_that_cannot_be_kept_does_not_spoil_the_reading() -> None:
    async with run_agent(Interface("eth0")) as agent:
        poller = Poller(agent)
        driver = SnmpDriver(BrokenSamples(), ReadLimits(10, 5))
        (reading,) = await driver.read([poller.target()], {})
    assert reading.state is State.UP


async def test_devices_that_are_gone_are_forgotten() -> None:
    async with run_agent(Interface("eth0")) as agent:
        poller = Poller(agent)
        await poller.driver.read([poller.target(number) for number in range(150)], {})
        await poller.driver.read([poller.target(1)], {1: poller.target(1)})
    assert poller.driver.remembered == {1}
