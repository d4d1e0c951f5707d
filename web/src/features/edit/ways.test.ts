import { expect, test } from 'vitest';
import { toWays } from './ways';

test('what most people add comes first and the simulated last, whatever the order of the service', () => {
	const names = ['dns', 'gnmi', 'host', 'http', 'icmp', 'simulated', 'snmp', 'tcp'];
	const ways = toWays(names.map((name) => ({ name, description: `Reads ${name}` })));
	expect(ways.map(({ name }) => name)).toEqual(['icmp', 'snmp', 'http', 'tcp', 'dns', 'host', 'gnmi', 'simulated']);
	expect(ways[6]).toEqual({ name: 'gnmi', title: 'gnmi', hint: 'Reads gnmi' });
});

test('where the drivers cannot be asked for there are ways all the same', () =>
	expect(toWays(undefined)).toHaveLength(7));
