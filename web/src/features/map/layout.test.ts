import { expect, test } from 'vitest';
import { device } from '../../live/testing';
import { findCutOff, isLayoutOf, layOut } from './layout';

const mapOf = (...devices: ReturnType<typeof device>[]) => new Map(devices.map((one) => [one.id, one]));
const at = (...devices: ReturnType<typeof device>[]) => layOut(mapOf(...devices));

test('a single root is the middle, and who is behind stands in a ring around it', () => {
	const { places } = at(device(1), device(2, { parent_id: 1 }), device(3, { parent_id: 1 }));
	expect(places.map((one) => [one.id, one.depth, Math.round(Math.hypot(one.x, one.y))])).toEqual([
		[1, 0, 0],
		[2, 1, 120],
		[3, 1, 120],
	]);
});

test('what is behind a dead device is cut off, however far', () => {
	const fleet = mapOf(
		device(1, { state: 'down' }),
		device(2, { parent_id: 1 }),
		device(3, { parent_id: 2 }),
		device(4),
	);
	expect([...findCutOff(layOut(fleet), fleet)]).toEqual([2, 3]);
});

test.each([
	['turned', [device(1, { state: 'down' }), device(2, { parent_id: 1 })], true],
	['renamed', [device(1), device(2, { parent_id: 1, host_name: 'other' })], false],
	['moved', [device(1), device(2)], false],
	['come', [device(1), device(2, { parent_id: 1 }), device(3)], false],
	['gone', [device(1)], false],
] as const)('the places when a device has %s', (_, after, isSame) =>
	expect(isLayoutOf(at(device(1), device(2, { parent_id: 1 })), mapOf(...after))).toBe(isSame),
);

test('a device behind one that is not there has its place all the same', () => {
	const fleet = mapOf(device(1), device(2, { parent_id: 99 }));
	expect(isLayoutOf(layOut(fleet), fleet)).toBe(true);
});

test('a device whose parent is gone is shown all the same', () =>
	expect(at(device(1), device(2, { parent_id: 99 })).places).toHaveLength(2));

test('a thousand devices do not overlap, and each stands nearest to whom it is behind', () => {
	const fleet = Array.from({ length: 1000 }, (_, id) =>
		device(id + 1, { parent_id: id === 0 ? null : 1 + (id % 30 === 0 ? 0 : Math.floor(id / 30) * 30) }),
	);
	const { places, reach } = at(...fleet);
	expect(places).toHaveLength(1000);
	const distance = (one: { x: number; y: number }, other: { x: number; y: number }) =>
		Math.hypot(one.x - other.x, one.y - other.y);
	expect(Math.max(...places.map((one) => distance(one, { x: 0, y: 0 })))).toBeLessThan(reach);
	const nearest = places.map((one, index) => Math.min(...places.slice(index + 1).map((other) => distance(one, other))));
	expect(Math.min(...nearest)).toBeGreaterThan(18);
	const switches = places.filter((place) => !place.isLeaf && place.depth === 1);
	for (const leaf of places.filter((place) => place.depth === 2)) {
		const distances = switches.map((one) => distance(leaf, one));
		expect(distance(leaf, leaf.parent as (typeof places)[0])).toBe(Math.min(...distances));
	}
});

test('a hundred devices behind nobody have places of their own', () => {
	const { places } = at(...Array.from({ length: 100 }, (_, id) => device(id + 1)));
	expect(new Set(places.map(({ x, y }) => `${x.toFixed(0)} ${y.toFixed(0)}`)).size).toBe(100);
});
