import { expect, test } from 'vitest';
import { KEPT_MINUTES, Recent } from './recent';
import { device } from './testing';

function at(minute: number, id = 1, speed = minute) {
	const time_stamp = new Date(Date.parse('2026-11-23T20:00:00Z') + minute * 60_000).toISOString();
	const snap_shot = {
		time_stamp,
		active_connection: true,
		upload_speed: speed,
		download_speed: speed * 2,
		round_trip_seconds: null,
	};
	return { timeStamp: time_stamp, devices: new Map([[id, device(id, { snap_shot })]]) };
}

function take(recent: Recent, minute: number, id = 1, speed = minute) {
	const { devices, timeStamp } = at(minute, id, speed);
	recent.take(devices, timeStamp);
}

test('ticks become a line, and a missed one is a gap', () => {
	const recent = new Recent();
	for (const minute of [1, 2, 4]) take(recent, minute);
	expect(recent.lineOf(1).download.slice(-5)).toEqual([null, 2, 4, null, 8]);
	expect(recent.lineOf(1).upload).toHaveLength(KEPT_MINUTES);
});

test('a second refresh in the same minute takes the place of the first', () => {
	const recent = new Recent();
	take(recent, 1, 1, 5);
	take(recent, 1, 1, 6);
	expect(recent.lineOf(1).upload.slice(-2)).toEqual([null, 6]);
});

test('a device that a tick did not read has a gap there', () => {
	const recent = new Recent();
	take(recent, 1, 1);
	const { devices } = at(1, 1);
	recent.take(new Map([...devices, ...at(2, 2).devices]), at(2).timeStamp);
	expect(recent.lineOf(1).upload.slice(-2)).toEqual([1, null]);
	expect(recent.lineOf(2).upload.slice(-2)).toEqual([null, 2]);
});

test('what the history tells lies under what came live', () => {
	const recent = new Recent();
	take(recent, 10);
	const { timeStamp } = at(5);
	recent.fill(1, [{ time_stamp: timeStamp, download_speed: 7, upload_speed: 3 }], 5);
	expect(recent.lineOf(1).upload.slice(-7)).toEqual([null, 3, 3, 3, 3, 3, 10]);
	expect(recent.isFilled(1)).toBe(true);
	recent.forget();
	expect(recent.isFilled(1)).toBe(false);
});

test('what is older than the line is dropped', () => {
	const recent = new Recent();
	for (let minute = 0; minute < 100; minute += 1) take(recent, minute);
	expect(recent.lineOf(1).upload[0]).toBe(100 - KEPT_MINUTES);
});
