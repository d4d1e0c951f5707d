"""The tree that cables make, from the gateway outwards."""

import random

from services.network.discovery.parents import Place, find_parents
from services.network.discovery.snmp_tables import Neighbour


def place(number: int, *beside: Neighbour, kind: str | None = None, name: str | None = None) -> Place:
    return Place(address(number), [mac(number)], name, kind, beside)


def address(number: int) -> str:
    return f"10.0.0.{number}"


def mac(number: int) -> str:
    return f"00:1B:44:00:00:{number:02X}"


def to(number: int) -> Neighbour:
    return Neighbour(mac(number))


def test_the_tree_begins_at_the_gateway_and_one_end_of_a_cable_is_enough() -> None:
    places = [place(1), place(2, to(1), to(3)), place(3), place(4, to(2))]
    assert find_parents(places, [address(1)]) == {
        address(2): address(1),
        address(3): address(2),
        address(4): address(2),
    }


def test_without_a_gateway_it_begins_at_a_router_and_else_where_most_cables_end() -> None:
    places = [place(1, to(2)), place(2, to(3)), place(3, kind="Router"), place(4, to(2))]
    assert find_parents(places, [])[address(2)] == address(3)
    assert find_parents([*places[:2], place(3), places[3]], []) == dict.fromkeys(map(address, (1, 3, 4)), address(2))


def test_neighbours_are_known_by_mac_address_by_address_and_by_a_name_that_is_their_own() -> None:
    beside = (Neighbour(mac(2)), Neighbour(None, address(3)), Neighbour(name="four.lan"), Neighbour(name="twins"))
    names = [place(4, name="four"), place(5, name="twins"), place(6, name="twins")]
    places = [place(1, *beside), place(2), place(3), *names]
    assert find_parents(places, [address(1)]) == dict.fromkeys(map(address, (2, 3, 4)), address(1))


def test_who_is_not_found_or_tells_of_itself_makes_nothing() -> None:
    assert find_parents([place(1, to(9), to(1), Neighbour())], []) == {}


def test_there_never_is_a_circle_and_an_island_has_a_root_of_its_own() -> None:
    chance = random.Random(2)
    for _ in range(200):
        count = chance.randrange(2, 12)
        places = [
            place(one, *(to(chance.randrange(1, count + 1)) for _ in range(chance.randrange(4))))
            for one in range(1, count + 1)
        ]
        parents = find_parents(places, [address(1)])
        for one in places:
            way = [one.address]
            while way[-1] in parents:
                way.append(parents[way[-1]])
                assert len(way) <= count
        assert address(1) not in parents
