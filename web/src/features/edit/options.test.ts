import { expect, test } from 'vitest';
import {
	MASK,
	type OptionField,
	type Schema,
	setOption,
	toLabel,
	toOptionErrors,
	toOptionFields,
	withoutMasks,
} from './options';

const schema: Schema = {
	$defs: { Profile: { type: 'string', enum: ['classic', 'realistic'], description: 'How it behaves' } },
	properties: {
		port: { type: 'integer', examples: [22], description: 'The port' },
		profile: { $ref: '#/$defs/Profile', default: 'classic' },
		seed: { anyOf: [{ type: 'integer' }, { type: 'null' }], default: null },
		password: { anyOf: [{ type: 'string', format: 'password', writeOnly: true }, { type: 'null' }], default: null },
		interfaces: { anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }], default: null },
		verify_tls: { type: 'boolean', default: true },
		headers: { type: 'object', default: {} },
		either: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
	},
	required: ['port'],
};
const fields = toOptionFields(schema);
const field = (name: string) => fields.find((one) => one.name === name) as OptionField;

test('each option has the field that fits it', () =>
	expect(fields.map(({ name, kind }) => [name, kind])).toEqual([
		['port', 'number'],
		['profile', 'choice'],
		['seed', 'number'],
		['password', 'secret'],
		['interfaces', 'list'],
		['verify_tls', 'boolean'],
		['headers', 'json'],
		['either', 'json'],
	]));

test('what a field needs to know of its option', () => {
	expect(field('port')).toMatchObject({ isRequired: true, isWhole: true, example: '22' });
	expect(field('profile')).toMatchObject({ choices: ['classic', 'realistic'], usual: 'classic', isRequired: false });
});

test.each([
	['timeout_seconds', 'Timeout (seconds)'],
	['verify_tls', 'Verify TLS'],
	['url', 'URL'],
	['seconds', 'Seconds'],
])('%s is called %s', (name, label) => expect(toLabel(name)).toBe(label));

test('what is emptied is left out, and so is what is as usual', () => {
	expect(setOption({ port: 80 }, field('port'), '')).toEqual({});
	expect(setOption({ interfaces: ['a'] }, field('interfaces'), [])).toEqual({});
	expect(setOption({ other: 1 }, field('verify_tls'), true)).toEqual({ other: 1 });
	expect(setOption({}, field('verify_tls'), false)).toEqual({ verify_tls: false });
	expect(setOption({ verify_tls: false }, field('verify_tls'), true)).toEqual({ verify_tls: true });
});

test('a secret that is to go is null, and what is set stays in its place', () => {
	expect(setOption({ password: MASK, port: 80 }, field('password'), null)).toEqual({ password: null, port: 80 });
	expect(setOption({ seed: 1 }, field('seed'), null)).toEqual({});
	expect(Object.keys(setOption({ password: MASK, port: 80 }, field('password'), 'new'))).toEqual(['password', 'port']);
	expect(setOption({}, field('password'), undefined)).toEqual({});
});

test('the masks of one device are no values for another', () =>
	expect(withoutMasks({ password: MASK, port: 80 })).toEqual({ port: 80 }));

test('errors stand at their option, those of no option above all', () => {
	const told =
		"driver 'tcp' does not take this: port: Field required; headers.a: too long (its options: port, headers)";
	expect(toOptionErrors(told, fields)).toEqual({ port: 'This is needed.', headers: 'too long' });
	const unknown = "driver 'tcp' does not take this: colour: Extra inputs are not permitted (its options: port)";
	expect(toOptionErrors(unknown, fields)).toEqual({ '': unknown });
	const moved = 'port: give the secret again (null removes it), because url now points to another host';
	expect(toOptionErrors(moved, fields)).toEqual({ port: moved.slice('port: '.length) });
	expect(toOptionErrors(undefined, fields)).toEqual({});
});
