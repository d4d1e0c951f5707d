import { expect, test } from 'vitest';
import { toDraft } from './draft';
import { addressOf, findMissing, inOwnWords } from './missing';
import { type OptionField, toOptionFields } from './options';

const port: OptionField[] = toOptionFields({ properties: { port: { type: 'integer' } }, required: ['port'] });
const empty = { ...toDraft(null), driver: 'tcp' };

test('what must be filled in is named at its field, the MAC address is not among it', () =>
	expect(findMissing(empty, port, {})).toEqual({
		host_name: 'Give it a name, such as “nas”.',
		ip_address: 'Give its address, such as 192.168.1.9 or a host name.',
		driver_options: 'port: This is needed.',
	}));

test('nothing is missing once it is there', () =>
	expect(findMissing({ ...empty, host_name: 'door', ip_address: '::1' }, port, { port: 22 })).toEqual({}));

test.each([
	['http', { url: 'https://www.example.org:8443/a' }, 'www.example.org'],
	['http', { url: 'http://[2001:db8::1]/' }, '2001:db8::1'],
	['http', { url: 'no page' }, ''],
	['http', {}, ''],
	['host', {}, '127.0.0.1'],
	['icmp', {}, ''],
])('%s with %o has the address %s where none is given', (driver, options, address) =>
	expect(addressOf(driver, options)).toBe(address),
);

test.each([
	['Field required', 'This is needed.'],
	['String should have at least 1 character', 'This is needed.'],
	['String should have at most 4096 characters', 'At most 4096 characters.'],
	['Input should be a valid integer, unable to parse string as an integer', 'A whole number is needed.'],
	['Input should be less than or equal to 65535', 'At most 65535.'],
	['Input should be greater than or equal to 1', 'At least 1.'],
	['no address!', 'no address!'],
])('“%s” is told as “%s”', (detail, own) => expect(inOwnWords(detail)).toBe(own));
