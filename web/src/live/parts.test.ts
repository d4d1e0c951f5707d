import { expect, test } from 'vitest';
import type { Message } from './messages';
import { SeqGap } from './panel';
import { StateParts } from './parts';
import { device, state } from './testing';

const first: Message = { ...(state(39, [device(1)], 'e-41') as Extract<Message, { type: 'state' }>), complete_at: 41 };
const part = (seq: number, id: number): Message => ({ type: 'inventory', seq, changed: [device(id)], removed: [] });

test('parts are one whole state, and nothing is shown before the last', () => {
	const parts = new StateParts();
	expect(parts.take(first)).toBeNull();
	expect(parts.take(part(40, 2))).toBeNull();
	expect(parts.take(part(41, 3))).toEqual(state(41, [device(1), device(2), device(3)], 'e-41'));
	expect(parts.take(part(42, 4))).toEqual(part(42, 4));
});

test('a state that is whole is handed on as it is', () => {
	const whole = state(41, [device(1)]);
	expect(new StateParts().take(whole)).toBe(whole);
});

test('a missing part is a gap', () => {
	const parts = new StateParts();
	parts.take(first);
	expect(() => parts.take(part(41, 3))).toThrow(SeqGap);
});

test('what was left of a state is forgotten by a link that goes on elsewhere', () => {
	const parts = new StateParts();
	parts.take(first);
	const resumed: Message = { type: 'resumed', epoch: 'e', seq: 7 };
	expect(parts.take(resumed)).toBe(resumed);
	expect(parts.take(part(8, 2))).toEqual(part(8, 2));
});

test('an error may come in between', () => {
	const parts = new StateParts();
	parts.take(first);
	const error: Message = { type: 'error', code: 'forbidden', detail: '' };
	expect(parts.take(error)).toBe(error);
});
