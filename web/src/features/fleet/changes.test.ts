import { expect, test } from 'vitest';
import { type Changes, countOf, formatOf, toFaults, toLines } from './changes';

const changes: Changes = {
	created: [{ host_name: 'printer', mac_address: '02:00:00:00:00:03' }],
	changed: [
		{
			host_name: 'intranet',
			mac_address: '02:00:00:00:00:02',
			changes: [
				{ field: 'ip_address', before: '10.0.0.2', after: '10.0.0.20' },
				{ field: 'driver_options.password', before: '**********', after: '**********' },
				{ field: 'tags', before: [], after: ['lab'] },
				{ field: 'parent', before: 'router', after: null },
			],
		},
	],
	unchanged: 11,
	left_out: ['patch-panel has no address'],
	notes: ['read as Windows-1252'],
};

test.each([
	['fleet.yaml', 'yaml'],
	['FLEET.YML', 'yaml'],
	['netbox_devices.csv', 'csv'],
	['fleet.csv.txt', null],
])('%s is %s', (name, format) => expect(formatOf(name)).toBe(format));

test('each device is a line, and each field one below it', () => {
	expect(countOf(changes)).toBe(2);
	expect(toLines(changes)).toEqual({
		shown: [
			{ kind: 'note', text: 'read as Windows-1252', details: [] },
			{ kind: 'new', text: 'printer (02:00:00:00:00:03)', details: [] },
			{
				kind: 'changed',
				text: 'intranet (02:00:00:00:00:02)',
				details: [
					'ip_address: 10.0.0.2 → 10.0.0.20',
					'driver_options.password: another secret',
					'tags: [] → ["lab"]',
					'parent: router → (nothing)',
				],
			},
			{ kind: 'left', text: 'patch-panel has no address', details: [] },
		],
		more: 0,
	});
});

test('a large fleet is told in part', () => {
	const created = Array.from({ length: 250 }, (_, index) => ({ host_name: `pc-${index}`, mac_address: '' }));
	const { shown, more } = toLines({ ...changes, created });
	expect([shown.length, more]).toEqual([200, 53]);
});

test('faults are told with their lines', () => {
	const errors = [
		{ location: 'file:4', detail: 'laptop: ip_address: no address' },
		{ location: 'new_driver', detail: 'unknown' },
	];
	expect(toFaults({ detail: 'all', errors })).toEqual([
		'line 4: laptop: ip_address: no address',
		'new_driver: unknown',
	]);
	expect(toFaults({ detail: 'no answer' })).toEqual(['no answer']);
	expect(toFaults(new TypeError('no network'))).toEqual(['no network']);
});
