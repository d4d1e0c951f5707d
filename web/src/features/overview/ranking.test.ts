import { expect, test } from 'vitest';
import { device } from '../../live/testing';
import { topDevices, trafficOf } from './ranking';

test('the busiest are those whose traffic is known, the rest is not among them', () => {
	const reading = { time_stamp: '2026-11-23T20:00:00Z', active_connection: true, round_trip_seconds: null };
	const fleet = [
		device(1, { snap_shot: { ...reading, upload_speed: 1, download_speed: 2 } }),
		device(2, { snap_shot: null }),
		device(3, { snap_shot: { ...reading, upload_speed: 5, download_speed: 5 } }),
	];
	expect(topDevices(fleet, trafficOf, 6).map((one) => one.id)).toEqual([3, 1]);
});
