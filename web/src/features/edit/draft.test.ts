import { expect, test } from 'vitest';
import { device } from '../../live/testing';
import { changedFields, fieldsOf, findClash, losesSecret, toDraft, toFieldErrors, toFields } from './draft';
import { MASK } from './options';

const router = device(1, { driver_options: { port: 80 }, tags: ['lab'], parent_id: 7 });

const guarded = device(2, { driver: 'snmp', driver_options: { community: MASK } });

test('a device that is opened and saved untouched changes nothing', () =>
	expect(changedFields(fieldsOf(router), toFields(toDraft(router)))).toEqual({}));

test('only what was edited is sent', () =>
	expect(changedFields(fieldsOf(router), toFields({ ...toDraft(router), parent_id: null, host_name: 'x' }))).toEqual({
		parent_id: null,
		host_name: 'x',
	}));

test('who edits the same field as somebody else is told, who edits another is not in the way', () => {
	const begun = fieldsOf(router);
	const current = { ...begun, host_name: 'theirs', tags: ['core'] };
	expect(findClash(begun, { ...begun, host_name: 'mine', ip_address: '10.0.0.9' }, current)).toEqual({
		elsewhere: ['host_name', 'tags'],
		clashing: ['host_name'],
	});
	expect(findClash(begun, { ...begun, host_name: 'theirs' }, current).clashing).toEqual([]);
	expect(findClash(begun, begun, begun)).toEqual({ elsewhere: [], clashing: [] });
});

test('a copy has another name and no MAC address', () =>
	expect(toDraft(router, { isCopy: true })).toMatchObject({ host_name: 'pc-1-copy', mac_address: '', parent_id: '7' }));

test('a copy has no secrets, for they are those of another device', () =>
	expect(toDraft(guarded, { isCopy: true }).driver_options).toBe(''));

test.each([
	['another secret', { driver_options: { community: 'other' } }, true],
	['a removed secret', { driver_options: { community: null } }, true],
	['the first secret of an option', { driver_options: { community: MASK, auth_key: 'new' } }, true],
	['another driver', { driver: 'icmp', driver_options: {} }, true],
	['another option', { driver_options: { community: MASK, port: 162 } }, false],
	['a secret that is left out', { driver_options: {} }, false],
	['another name', { host_name: 'x' }, false],
])('%s cannot be undone: %s, %s', (_, changed, isLost) =>
	expect(losesSecret(fieldsOf(guarded), changed, ['community', 'auth_key'])).toBe(isLost),
);

test('options that are no JSON are told before anything is sent', () =>
	expect(() => toFields({ ...toDraft(router), driver_options: '{port' })).toThrow(SyntaxError));

test('errors stand at their field, others above all', () =>
	expect(
		toFieldErrors({
			detail: 'all',
			errors: [
				{ location: 'driver_options.port', detail: 'too large' },
				{ location: 'driver_options.url', detail: 'too long' },
				{ location: 'body', detail: 'odd' },
			],
		}),
	).toEqual({ driver_options: 'port: too large; url: too long', '': 'body: odd' }));

test('a problem without fields is told above all', () =>
	expect(toFieldErrors({ detail: 'gone' })).toEqual({ '': 'gone' }));

test('nothing is chosen for who adds a device, and a MAC address that nobody knows is none', () => {
	expect(toDraft(null).driver).toBe('');
	const page = { ...toDraft(null), driver: 'http', driver_options: '{"url": "http://127.0.0.1:8080/"}' };
	expect(toFields(page)).toMatchObject({ ip_address: '127.0.0.1', mac_address: null });
	expect(toFields({ ...page, ip_address: '127.0.0.2' }).ip_address).toBe('127.0.0.2');
});
