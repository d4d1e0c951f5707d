import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LiveStore } from './store';
import { device, ScriptedSocket, snapShot, state } from './testing';

let frames: (() => void)[] = [];
let store: LiveStore;

function paint(): void {
	const due = frames;
	frames = [];
	for (const frame of due) frame();
}

beforeEach(() => {
	vi.useFakeTimers();
	ScriptedSocket.opened = [];
	frames = [];
	store = new LiveStore({
		address: 'ws://screen/live',
		open: (address) => new ScriptedSocket(address),
		random: () => 0.5,
		onFrame: (callback) => frames.push(callback),
	});
	store.start();
	ScriptedSocket.last.say(state(41, [device(1), device(2)]));
	paint();
});

afterEach(() => {
	store.stop();
	vi.useRealTimers();
});

test('however many messages come, listeners hear of them once per frame', () => {
	const listener = vi.fn();
	store.listen(listener);
	for (let seq = 42; seq < 142; seq += 1) {
		ScriptedSocket.last.say({ type: 'snapshots', seq, time_stamp: '2026-11-23T20:01:00Z', snap_shots: [] });
	}
	expect(listener).not.toHaveBeenCalled();
	paint();
	expect(listener).toHaveBeenCalledTimes(1);
	expect(store.get().panel?.seq).toBe(141);
});

test('what is told stays the same object until the next frame', () => {
	const told = store.get();
	ScriptedSocket.last.say({ type: 'inventory', seq: 42, changed: [], removed: [1] });
	expect(store.get()).toBe(told);
});

test('it comes back where it left off', () => {
	ScriptedSocket.last.end(1012);
	vi.advanceTimersByTime(200);
	expect(ScriptedSocket.last.address).toBe('ws://screen/live?epoch=e&seq=41');
	ScriptedSocket.last.say({ type: 'resumed', epoch: 'e', seq: 41 });
	ScriptedSocket.last.say({ type: 'inventory', seq: 42, changed: [], removed: [1] });
	paint();
	expect(store.get()).toMatchObject({ link: 'open', totals: { devices: 1, up: 1 } });
});

test('a view comes back by its own address, for it is always answered whole', () => {
	const view = new LiveStore({
		address: 'ws://screen/live?device_ids=7&interfaces=true',
		open: (address) => new ScriptedSocket(address),
		random: () => 0.5,
		onFrame: (callback) => frames.push(callback),
	});
	view.start();
	ScriptedSocket.last.say(state(41, [device(7)]));
	ScriptedSocket.last.end(1012);
	vi.advanceTimersByTime(200);
	expect(ScriptedSocket.last.address).toBe('ws://screen/live?device_ids=7&interfaces=true');
	view.stop();
});

test('while the link is lost, the devices stay and the screen is told since when', () => {
	vi.setSystemTime(5000);
	ScriptedSocket.last.end(1006);
	paint();
	expect(store.get()).toMatchObject({ link: 'lost', lostSince: 5000, totals: { devices: 2 } });
});

test('a link stays lost since it was lost first, whatever is tried, until an answer has come', () => {
	const told: unknown[] = [];
	const note = () => {
		paint();
		const { link, lostSince } = store.get();
		told.push(`${link} ${lostSince}`);
	};
	vi.setSystemTime(5000);
	ScriptedSocket.last.end(1006);
	for (let attempt = 0; attempt < 6; attempt += 1) {
		note();
		const before = ScriptedSocket.opened.length;
		while (ScriptedSocket.opened.length === before) vi.advanceTimersByTime(100);
		note();
		if (attempt === 3) ScriptedSocket.last.say({ type: 'error', code: 'unavailable', detail: 'later' });
		note();
		ScriptedSocket.last.end(1006);
	}
	expect(new Set(told)).toEqual(new Set(['lost 5000']));
	store.hurry();
	ScriptedSocket.last.say({ type: 'resumed', epoch: 'other', seq: 41 });
	note();
	expect(told.at(-1)).toBe('lost 5000');
	store.hurry();
	ScriptedSocket.last.say(state(60, [device(1)], 'other'));
	note();
	expect(told.at(-1)).toBe('open null');
	vi.setSystemTime(90_000);
	ScriptedSocket.last.end(1006);
	note();
	expect(told.at(-1)).toBe('lost 90000');
});

test('after a hole it asks for everything anew', () => {
	ScriptedSocket.last.say({ type: 'inventory', seq: 44, changed: [], removed: [] });
	expect(ScriptedSocket.opened[0]?.isClosed).toBe(true);
	vi.advanceTimersByTime(200);
	expect(ScriptedSocket.last.address).toBe('ws://screen/live');
});

test('pauses grow to ten seconds and a message makes them short again', () => {
	const pauses: number[] = [];
	for (let attempt = 0; attempt < 8; attempt += 1) {
		const before = ScriptedSocket.opened.length;
		ScriptedSocket.last.end(1006);
		let waited = 0;
		for (; ScriptedSocket.opened.length === before; waited += 100) vi.advanceTimersByTime(100);
		pauses.push(waited);
	}
	expect(pauses).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
	ScriptedSocket.last.say(state(50, []));
	ScriptedSocket.last.end(1006);
	vi.advanceTimersByTime(200);
	expect(ScriptedSocket.opened).toHaveLength(10);
});

test.each([1008, 4500])('after close code %i it stays away', (code) => {
	ScriptedSocket.last.end(code);
	vi.advanceTimersByTime(60_000);
	paint();
	expect(ScriptedSocket.opened).toHaveLength(1);
	expect(store.get().link).toBe('refused');
});

test('a server that accepts and says nothing is left after fifteen seconds', () => {
	ScriptedSocket.last.end(1006);
	vi.advanceTimersByTime(200 + 15_000);
	paint();
	expect(store.get().link).toBe('lost');
});

test('somebody who looks again does not wait out the pause', () => {
	ScriptedSocket.last.end(1006);
	store.hurry();
	expect(ScriptedSocket.opened).toHaveLength(2);
	store.hurry();
	expect(ScriptedSocket.opened).toHaveLength(2);
});

test('each tick leaves one point, pages of one refresh together', () => {
	for (const [seq, id] of [
		[42, 1],
		[43, 2],
	] as const) {
		ScriptedSocket.last.say({
			type: 'snapshots',
			seq,
			time_stamp: '2026-11-23T20:01:00Z',
			snap_shots: [snapShot(id, false)],
		});
	}
	paint();
	expect(store.get().ring.map(({ timeStamp, up, traffic }) => [timeStamp, up, traffic[0]?.downloadSpeed])).toEqual([
		['2026-11-23T20:00:00Z', 2, 4],
		['2026-11-23T20:01:00Z', 0, 0],
	]);
});

test('errors of the server are told with their number, and cost no seq', () => {
	ScriptedSocket.last.say({ type: 'error', code: 'wrong_password', detail: 'no' });
	ScriptedSocket.last.say({ type: 'error', code: 'wrong_password', detail: 'no' });
	paint();
	expect(store.get()).toMatchObject({ error: { code: 'wrong_password', count: 2 }, panel: { seq: 41 } });
});

test('a job is asked for over the open link only', () => {
	expect(store.ask({ socket_type: 'refresh' })).toBe(true);
	expect(ScriptedSocket.last.sent).toEqual(['{"socket_type":"refresh"}']);
	ScriptedSocket.last.end(1006);
	expect(store.ask({ socket_type: 'refresh' })).toBe(false);
});
