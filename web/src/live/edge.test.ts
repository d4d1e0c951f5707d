import { expect, test } from 'vitest';
import { findEdge } from './edge';
import { device } from './testing';

const edgeOf = (...devices: ReturnType<typeof device>[]) => [...findEdge(new Map(devices.map((one) => [one.id, one])))];
const real = (id: number, parent_id: number | null = null, more = {}) =>
	device(id, { driver: 'snmp', parent_id, ...more });

test.each([
	['without parents', [real(1), real(2)], [1, 2]],
	['a tree', [real(1), real(2, 1), real(3, 2)], [1]],
	['a modem that is only asked', [real(1, null, { driver: 'icmp' }), real(2, 1), real(3, 2)], [2]],
	['a switch that is only asked', [real(1), real(2, 1, { driver: 'icmp' }), real(3, 2)], [1]],
	['a simulated parent', [device(1), real(2, 1), device(3, { parent_id: 2 })], [1, 2]],
	['one marked in a flat list', [real(1), real(2, null, { tags: ['uplink'] }), real(3)], [2]],
	['a mark on one that counts nothing', [real(1, null, { driver: 'tcp', tags: ['uplink'] }), real(2)], [2]],
	['marked real ones beside a simulated tree', [real(1, null, { tags: ['uplink'] }), real(2), device(3)], [1, 3]],
])('the edge with %s', (_, devices, edge) => {
	expect(edgeOf(...devices)).toEqual(edge);
});
