import { expect, test } from 'vitest';
import { device } from '../../live/testing';
import { layOut } from './layout';

const at = (...devices: ReturnType<typeof device>[]) => layOut(new Map(devices.map((one) => [one.id, one])));

test('a single root is the middle, and who is behind stands in a ring around it', () => {
	const { places } = at(device(1), device(2, { parent_id: 1 }), device(3, { parent_id: 1 }));
	expect(places.map((one) => [one.device.id, one.depth, Math.round(Math.hypot(one.x, one.y))])).toEqual([
		[1, 0, 0],
		[2, 1, 120],
		[3, 1, 120],
	]);
});

test('what is behind a dead device is cut off, however far', () => {
	const { places } = at(
		device(1, { state: 'down' }),
		device(2, { parent_id: 1 }),
		device(3, { parent_id: 2 }),
		device(4),
	);
	expect(places.filter((one) => one.isCutOff).map((one) => one.device.id)).toEqual([2, 3]);
});

test('a device whose parent is gone is shown all the same', () =>
	expect(at(device(1), device(2, { parent_id: 99 })).places).toHaveLength(2));

test('a thousand devices do not overlap', () => {
	const fleet = Array.from({ length: 1000 }, (_, id) =>
		device(id + 1, { parent_id: id === 0 ? null : 1 + (id % 30 === 0 ? 0 : Math.floor(id / 30) * 30) }),
	);
	const { places } = at(...fleet);
	const spots = new Set(places.map((one) => `${one.x.toFixed(1)} ${one.y.toFixed(1)}`));
	expect(spots.size).toBe(1000);
});
