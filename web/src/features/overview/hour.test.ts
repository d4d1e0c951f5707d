import { expect, test } from 'vitest';
import type { SummaryPoint } from '../../api/client';
import { joinHour } from './hour';

const now = Date.parse('2026-11-23T20:59:30Z');
const point = (time_stamp: string, up: number | null) =>
	({ time_stamp, up, download_speed: up, upload_speed: up }) as SummaryPoint;
const tick = (timeStamp: string, up: number) => ({
	timeStamp,
	up,
	devices: 9,
	down: 0,
	unknown: 0,
	traffic: [{ kind: 'real' as const, devices: 9, uploadSpeed: 1, downloadSpeed: 2 }],
});

test('what was stored is followed by what came live, and a missed minute is a gap', () => {
	const stored = { points: [point('2026-11-23T20:55:00Z', 3), point('2026-11-23T20:56:00Z', null)], minutes: 1 };
	const hour = joinHour(stored, [tick('2026-11-23T20:58:00Z', 5)], now);
	expect(hour.slice(-4).map((one) => one.up)).toEqual([3, null, null, 5]);
	expect(hour).toHaveLength(60);
});

test('where single minutes are known after points of five, none is spread', () => {
	const points = [point('2026-11-23T20:50:00Z', 3), point('2026-11-23T20:55:00Z', 4), point('2026-11-23T20:57:00Z', 5)];
	const fineSince = Date.parse('2026-11-23T20:55:00Z') / 1000;
	const hour = joinHour({ points, minutes: 5, fineSince }, [], now);
	expect(hour.slice(-9).map((one) => one.up)).toEqual([3, 3, 3, 3, 3, 4, null, 5, null]);
});

test('a point of five minutes stands for each of them', () => {
	const hour = joinHour(
		{ points: [point('2026-11-23T20:50:00Z', 3)], minutes: 5 },
		[tick('2026-11-23T20:59:00Z', 4)],
		now,
	);
	expect(hour.slice(-11).map((one) => one.up)).toEqual([null, 3, 3, 3, 3, 3, null, null, null, null, 4]);
});
