import { expect, test } from 'vitest';
import type { DevicePoint, SummaryPoint } from '../../api/client';
import { lastKnown, measuresOf, toColumns } from './series';

const point = (more: Partial<DevicePoint> & { loss_ratio?: number | null }) =>
	({ time_stamp: '2026-11-23T20:00:00Z', up_seconds: 60, down_seconds: 0, unknown_seconds: 0, ...more }) as DevicePoint;

const pinged = toColumns([point({ round_trip_seconds: 0.02, round_trip_seconds_max: 0.03, loss_ratio: 0.25 })]);
const counted = toColumns([point({ download_speed: 4, download_speed_max: 8 })]);
const zeros = toColumns([point({ download_speed: 0, download_speed_max: 0, upload_speed_max: 0 })]);
const nothing = toColumns([]);

test.each([
	['a ping', 'icmp', pinged, ['latency']],
	['a web page of which nothing is stored yet', 'http', nothing, ['latency']],
	['a port for which an older release stored zeros', 'tcp', zeros, ['latency']],
	['a name server that was a switch before', 'dns', counted, ['latency', 'traffic']],
	['a switch', 'snmp', counted, ['traffic']],
	['a switch that says how long it takes to answer', 'snmp', pinged, ['traffic', 'latency']],
	['a simulated device of which nothing is stored yet', 'simulated', nothing, ['traffic']],
	['a driver that nobody here knows', 'carrier-pigeon', pinged, ['latency']],
	['a driver that measures nothing', 'carrier-pigeon', zeros, []],
])('the chart of %s shows what its driver measures', (_, driver, columns, measures) =>
	expect(measuresOf(driver, columns)).toEqual(measures),
);

test('round trips are drawn in milliseconds, loss as it is, and what is not there is not known', () =>
	expect(pinged).toMatchObject({
		latency: [20],
		latencyMin: [null],
		latencyMax: [30],
		loss: [0.25],
		download: [null],
	}));

test('the last point is one of which anything is known, whatever it is', () => {
	const at = '2026-11-23T20:00:00Z';
	const summary = (up: number | null) => ({ time_stamp: at, up, download_speed: null }) as SummaryPoint;
	expect(lastKnown(toColumns([summary(3), summary(3), summary(null)]))).toBe(1);
	expect(lastKnown(toColumns([summary(null)]))).toBe(-1);
});
