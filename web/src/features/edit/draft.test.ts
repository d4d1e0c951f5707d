import { expect, test } from 'vitest';
import { device } from '../../live/testing';
import { changedFields, fieldsOf, findClash, toDraft, toFieldErrors, toFields } from './draft';

const router = device(1, { driver_options: { port: 80 }, tags: ['lab'], parent_id: 7 });

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

test('options that are no JSON are told before anything is sent', () =>
	expect(() => toFields({ ...toDraft(router), driver_options: '{port' })).toThrow(SyntaxError));

test('errors stand at their field, others above all', () =>
	expect(
		toFieldErrors({
			detail: 'all',
			errors: [
				{ location: 'driver_options.port', detail: 'too large' },
				{ location: 'body', detail: 'odd' },
			],
		}),
	).toEqual({ driver_options: 'too large', '': 'body: odd' }));

test('a problem without fields is told above all', () =>
	expect(toFieldErrors({ detail: 'gone' })).toEqual({ '': 'gone' }));
