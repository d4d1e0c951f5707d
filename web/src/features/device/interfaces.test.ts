import { expect, test } from 'vitest';
import type { StoredInterface } from '../../api/client';
import type { LiveInterface } from '../../live/messages';
import { isBehind, loadOf, toRows } from './interfaces';

const RATES = {
	upload_speed: 1,
	download_speed: 2,
	errors_in: 0.25,
	errors_out: null,
	discards_in: null,
	discards_out: null,
};

function stored(name: string, more: Partial<StoredInterface> = {}): StoredInterface {
	return {
		name,
		alias: null,
		interface_type: 6,
		line_speed: 1000,
		first_seen_at: '2026-11-23T20:00:00Z',
		last_seen_at: '2026-11-23T21:00:00Z',
		state: 'up',
		snap_shot: { time_stamp: '2026-11-23T21:00:00Z', state: 'up', ...RATES },
		...more,
	};
}

function live(name: string, more: Partial<LiveInterface> = {}): LiveInterface {
	return { name, alias: null, interface_type: 6, line_speed: 1000, state: 'up', ...RATES, ...more };
}

test('names are in the order of their numbers, those that are there no more at the end', () => {
	const rows = toRows([stored('eth10'), stored('eth1', { state: 'unknown' }), stored('eth2')], undefined);
	expect(rows.map(({ name, goneSince }) => [name, goneSince])).toEqual([
		['eth2', null],
		['eth10', null],
		['eth1', '2026-11-23T21:00:00Z'],
	]);
});

test('what the feed tells stands in the place of what is stored', () => {
	const rows = toRows([stored('a'), stored('b')], [live('a', { state: 'down', download_speed: 70 }), live('new')]);
	expect(rows.map(({ name, state, download }) => [name, state, download])).toEqual([
		['a', 'down', 70],
		['new', 'up', 2],
		['b', 'unknown', null],
	]);
});

test('what is stored is behind as soon as the feed tells of one less', () => {
	expect(isBehind([stored('a')], undefined)).toBe(false);
	expect(isBehind([stored('a')], [live('a')])).toBe(false);
	expect(isBehind([stored('a')], [])).toBe(true);
	expect(isBehind([stored('a', { state: 'unknown' })], [])).toBe(false);
});

test('a rate of one direction is a rate, one of none is not known', () =>
	expect(toRows([], [live('a')])[0]).toMatchObject({ errors: 0.25, discards: null }));

test.each([
	[1000, 250, 500, 0.5],
	[100, 250, null, 1],
	[null, 250, 500, null],
	[0, 250, 500, null],
	[1000, null, null, null],
])('of a line of %s, %s down and %s up is a load of %s', (lineSpeed, download, upload, load) =>
	expect(loadOf({ lineSpeed, download, upload })).toBe(load),
);
