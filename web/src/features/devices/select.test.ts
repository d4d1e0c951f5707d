import { expect, test } from 'vitest';
import { device } from '../../live/testing';
import { type Filters, findChoices, selectDevices } from './select';

const fleet = [
	device(1, { host_name: 'pc-10', tags: ['lab'], ip_address: '10.0.0.10' }),
	device(2, { host_name: 'pc-9', state: 'down', ip_address: '10.0.0.9' }),
	device(3, { host_name: 'router', device_type: 'Router', state: 'unknown', snap_shot: null, tags: ['lab', 'core'] }),
];
const all: Filters = { search: '', state: null, type: null, tag: null, sort: 'name', isDescending: false };

const names = (filters: Partial<Filters>) => selectDevices(fleet, { ...all, ...filters }).map((one) => one.host_name);

test('numbers in names sort as numbers', () => expect(names({})).toEqual(['pc-9', 'pc-10', 'router']));
test('the worst state comes first', () => expect(names({ sort: 'state' })).toEqual(['pc-9', 'router', 'pc-10']));
test('descending turns the order', () =>
	expect(names({ sort: 'state', isDescending: true })).toEqual(['pc-10', 'router', 'pc-9']));
test.each(['down', 'up', 'age'] as const)('by %s, a device that was never read is last in both directions', (sort) =>
	expect([names({ sort }).at(-1), names({ sort, isDescending: true }).at(-1)]).toEqual(['router', 'router']),
);
test('of a device whose driver counts no traffic the speed is unknown, also where a 0 is stored', () => {
	const reading = { time_stamp: '2026-11-23T20:00:00Z', active_connection: true, round_trip_seconds: 0.1 };
	const pinged = device(4, { driver: 'icmp', snap_shot: { ...reading, upload_speed: 0, download_speed: 0 } });
	const idle = device(5, { driver: 'snmp', snap_shot: { ...reading, upload_speed: 0, download_speed: 0 } });
	const order = selectDevices([pinged, idle], { ...all, sort: 'down' });
	expect(order.map((one) => one.id)).toEqual([5, 4]);
});

test.each([
	['in any case', { search: 'ROUT' }, ['router']],
	['in an address', { search: '0.0.9' }, ['pc-9']],
	['in a tag', { search: 'core' }, ['router']],
	['by state', { state: 'down' }, ['pc-9']],
	['by type', { type: 'Router' }, ['router']],
	['by tag and text', { tag: 'lab', search: 'pc' }, ['pc-10']],
] as const)('a device is found %s', (_, filters, found) => expect(names(filters)).toEqual(found));

test('the filters offer what there is', () =>
	expect(findChoices(fleet)).toEqual({ types: ['Desktop PC', 'Router'], tags: ['core', 'lab'] }));

test('10,000 devices are chosen and sorted within a frame or two', () => {
	const many = Array.from({ length: 10_000 }, (_, id) => device(id, { host_name: `pc-${(id * 7919) % 10_000}` }));
	// The best of many: other work on the machine is no fault of the sort.
	const times = Array.from({ length: 15 }, () => {
		const begin = performance.now();
		selectDevices(many, { ...all, sort: 'down', search: 'pc' });
		return performance.now() - begin;
	});
	expect(Math.min(...times)).toBeLessThan(100);
});
