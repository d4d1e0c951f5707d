import { expect, test } from 'vitest';
import { type Found, toCredentials, toFleet, toFormErrors } from './found';

function found(address: string, more: Partial<Found> = {}, parent: string | null = null): Found {
	return {
		address,
		found_by: 'snmp',
		vendor: null,
		model: null,
		credential: 0,
		parent_address: null,
		error: null,
		known_device_id: null,
		proposal: {
			host_name: `host-${address}`,
			mac_address: `mac-${address}`,
			ip_address: address,
			device_type: 'Switch',
			operating_system: '',
			driver: 'snmp',
			driver_options: {},
			parent,
		},
		...more,
	};
}

const ALL = [
	found('127.0.0.1', { known_device_id: 7 }),
	found('127.0.0.2', {}, 'mac-127.0.0.1'),
	found('127.0.0.3', {}, 'mac-127.0.0.2'),
	found('127.0.0.4', { credential: null }, 'mac-127.0.0.2'),
];

test('a parent is told where it is there or comes too', () => {
	const parents = (...picked: string[]) => toFleet(ALL, new Set(picked), [{}]).devices.map(({ parent }) => parent);
	expect(parents('127.0.0.2', '127.0.0.3')).toEqual(['mac-127.0.0.1', 'mac-127.0.0.2']);
	expect(parents('127.0.0.3')).toEqual([undefined]);
});

test('who answered by SNMP gets the secret to which it answered, nobody else does', () => {
	const { devices } = toFleet(ALL, new Set(['127.0.0.3', '127.0.0.4']), [{ community: 'geheim', port: 1161 }]);
	expect(devices.map((one) => one.driver_options)).toEqual([{ community: 'geheim', port: 1161 }, {}]);
});

test('a community that looks like a variable is taken as it is written', () =>
	expect(toFleet(ALL, new Set(['127.0.0.3']), [{ community: `\${HOME}` }]).devices[0]?.driver_options).toEqual({
		community: `$\${HOME}`,
	}));

test('without a community nothing is asked by SNMP', () => {
	expect(toCredentials({ network: '', community: '', port: 1161 })).toEqual([]);
	expect(toCredentials({ network: '', community: 'a', port: '' })).toEqual([{ community: 'a' }]);
});

test('errors stand at their field', () => {
	const errors = [
		{ location: 'network', detail: 'too large' },
		{ location: 'credentials[0].port', detail: 'too high' },
		{ location: 'names', detail: 'odd' },
	];
	expect(toFormErrors({ detail: 'all', errors })).toEqual({ network: 'too large', port: 'too high', '': 'names: odd' });
	expect(toFormErrors({ detail: 'two run' })).toEqual({ '': 'two run' });
});
