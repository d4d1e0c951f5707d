import { expect, test } from 'vitest';
import type { Message } from './messages';
import { follow, type Panel, SeqGap } from './panel';
import { device, snapShot, state } from './testing';

const begin = follow(null, state(41, [device(1), device(2)])) as Panel;
const shown = {
	name: 'eth0',
	alias: null,
	interface_type: 6,
	line_speed: 1000,
	state: 'up',
	upload_speed: 1,
	download_speed: 2,
	errors_in: 0,
	errors_out: 0,
	discards_in: null,
	discards_out: null,
} as const;
const tick = '2026-11-23T20:01:00Z';

function snapshots(more: Partial<Extract<Message, { type: 'snapshots' }>> = {}): Message {
	return { type: 'snapshots', seq: 42, time_stamp: tick, snap_shots: [snapShot(1, false)], ...more };
}

test('a refresh turns a device, and leaves the others as the very same objects', () => {
	const panel = follow(begin, snapshots()) as Panel;
	expect(panel.devices.get(1)?.state).toBe('down');
	expect(panel.devices.get(1)?.snap_shot?.time_stamp).toBe(tick);
	expect(panel.devices.get(2)).toBe(begin.devices.get(2));
	expect(panel.timeStamp).toBe(tick);
});

test('that storing is delayed is known until a message no longer says so', () => {
	expect(begin.storingDelayedSince).toBeNull();
	const delayed = follow(begin, snapshots({ storing_delayed_since: tick })) as Panel;
	expect(delayed.storingDelayedSince).toBe(tick);
	expect((follow(delayed, snapshots({ seq: 43 })) as Panel).storingDelayedSince).toBeNull();
	const opened = { ...state(41, [device(1)]), storing_delayed_since: tick };
	expect((follow(null, opened) as Panel).storingDelayedSince).toBe(tick);
	expect((follow(delayed, state(43, [device(1)])) as Panel).storingDelayedSince).toBeNull();
});

test('the panel before stays as it was', () => {
	follow(begin, snapshots());
	expect(begin.devices.get(1)?.state).toBe('up');
});

test('in a view with interfaces those of a snapshot take the place of those before', () => {
	const seen = { ...snapShot(1, true), interfaces: [] };
	const before = follow(null, state(41, [device(1, { interfaces: [shown] }), device(2)])) as Panel;
	const after = follow(before, snapshots({ snap_shots: [seen] })) as Panel;
	expect(after.devices.get(1)?.interfaces).toEqual([]);
	expect(after.devices.get(1)?.snap_shot).not.toHaveProperty('interfaces');
});

test('a reading that is older than the one at hand changes nothing', () => {
	const newer = follow(begin, snapshots()) as Panel;
	const older = follow(newer, {
		...snapshots(),
		seq: 43,
		time_stamp: '2026-11-23T19:00:00Z',
		snap_shots: [snapShot(1, true)],
	} as Message) as Panel;
	expect(older.devices.get(1)?.state).toBe('down');
	expect(older.timeStamp).toBe(tick);
});

test('who entered and who left with a refresh is told after its readings', () => {
	const panel = follow(begin, snapshots({ changed: [device(3)], removed: [1] })) as Panel;
	expect([...panel.devices.keys()]).toEqual([2, 3]);
});

test('turns are kept, the newest first, also over a fresh state', () => {
	const change = { device_id: 1, from_state: 'up', to_state: 'down', reason: 'behind switch-1' } as const;
	const panel = follow(begin, snapshots({ state_changes: [change] })) as Panel;
	const again = follow(panel, state(60, [device(1)])) as Panel;
	expect(again.turns).toEqual([{ deviceId: 1, from: 'up', to: 'down', reason: 'behind switch-1', at: tick }]);
});

test('an edit puts whole devices in place and drops what is gone', () => {
	const edited = { ...device(1), host_name: 'renamed' };
	const panel = follow(begin, { type: 'inventory', seq: 42, changed: [edited], removed: [2] }) as Panel;
	expect([...panel.devices.values()]).toEqual([edited]);
});

test.each([41, 43, 40])('a seq that is not the next one is a hole (%i after 41)', (seq) => {
	expect(() => follow(begin, { type: 'inventory', seq, changed: [], removed: [] })).toThrow(SeqGap);
});

test('a type that we do not know counts all the same', () => {
	const panel = follow(begin, { type: 'weather', seq: 42 } as unknown as Message) as Panel;
	expect(panel.seq).toBe(42);
	expect(panel.devices).toBe(begin.devices);
});

test('resumed goes on only where we were', () => {
	expect(follow(begin, { type: 'resumed', epoch: 'e', seq: 41 })).toBe(begin);
	expect(() => follow(begin, { type: 'resumed', epoch: 'other', seq: 41 })).toThrow(SeqGap);
});
