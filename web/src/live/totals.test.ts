import { expect, test } from 'vitest';
import { findEdge } from './edge';
import type { Device } from './messages';
import { follow, type Panel } from './panel';
import { device, state } from './testing';
import { countTotals } from './totals';

function count(...devices: Device[]) {
	const panel = follow(null, state(1, devices)) as Panel;
	return countTotals(panel, findEdge(panel.devices));
}

test('traffic is counted at the edge, real and simulated devices apart', () => {
	const totals = count(
		device(1, { driver: 'snmp' }),
		device(2, { driver: 'host', parent_id: 1 }),
		device(3),
		device(4),
	);
	expect(totals).toEqual({
		devices: 4,
		up: 4,
		down: 0,
		unknown: 0,
		traffic: [
			{ kind: 'real', devices: 2, uploadSpeed: 1, downloadSpeed: 2 },
			{ kind: 'simulated', devices: 2, uploadSpeed: 2, downloadSpeed: 4 },
		],
	});
});

test('a total of which nothing is known is no zero', () => {
	const [traffic] = count(device(1, { driver: 'icmp' }), device(2, { driver: 'snmp', snap_shot: null })).traffic;
	expect(traffic).toEqual({ kind: 'real', devices: 2, uploadSpeed: null, downloadSpeed: null });
});
