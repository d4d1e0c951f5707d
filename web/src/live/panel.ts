/** What the messages of /live make of each other: all devices as they are now. Pure, apart from the panel it is given. */
import type { Device, Message, SnapShot, State } from './messages';
import { stateOf } from './messages';

/** A device that turned, newest first in `Panel.turns`. */
export interface Turn {
	deviceId: number;
	from: State;
	to: State;
	reason: string | null;
	at: string;
}

export interface Panel {
	epoch: string;
	seq: number;
	/** The newest tick; null before the first refresh. */
	timeStamp: string | null;
	/** The oldest tick whose readings wait for the database; null where none do. */
	storingDelayedSince: string | null;
	devices: Map<number, Device>;
	/** What turned since this page was opened. */
	turns: readonly Turn[];
}

type Snapshots = Extract<Message, { type: 'snapshots' }>;

const SHOWN_TURNS = 50;

/** A message that does not follow the one before: something was lost, and only a fresh state helps. */
export class SeqGap extends Error {
	override name = 'SeqGap';
}

/**
 * The panel after one more message: a new one, whose devices are new objects only where they changed.
 *
 * Throws SeqGap where a message is missing.
 */
export function follow(panel: Panel | null, message: Message): Panel | null {
	switch (message.type) {
		case 'state':
			return {
				epoch: message.epoch,
				seq: message.seq,
				timeStamp: message.time_stamp,
				storingDelayedSince: message.storing_delayed_since ?? null,
				devices: new Map(message.devices.map((device) => [device.id, device])),
				turns: panel?.turns ?? [],
			};
		case 'resumed':
			if (panel?.epoch !== message.epoch || panel.seq !== message.seq) throw new SeqGap('resumed elsewhere');
			return panel;
		case 'error':
			return panel;
		default:
			return followNext(panel, message);
	}
}

function followNext(panel: Panel | null, message: Exclude<Message, { type: 'state' | 'resumed' | 'error' }>): Panel {
	if (panel === null) throw new SeqGap('no state came first');
	// Types that we do not know yet have a seq all the same.
	if (message.seq !== panel.seq + 1) throw new SeqGap(`${message.seq} after ${panel.seq}`);
	const next = { ...panel, seq: message.seq };
	if (message.type === 'snapshots') return followSnapshots(next, message);
	if (message.type === 'inventory') next.devices = edit(new Map(panel.devices), message.changed, message.removed);
	return next;
}

function followSnapshots(panel: Panel, message: Snapshots): Panel {
	const devices = new Map(panel.devices);
	for (const snapShot of message.snap_shots) {
		const device = devices.get(snapShot.device_id);
		if (device) devices.set(device.id, refreshed(device, snapShot, message.time_stamp));
	}
	edit(devices, message.changed ?? [], message.removed ?? []);
	const isNewest = panel.timeStamp === null || message.time_stamp > panel.timeStamp;
	return {
		...panel,
		devices,
		timeStamp: isNewest ? message.time_stamp : panel.timeStamp,
		storingDelayedSince: message.storing_delayed_since ?? null,
		turns: [...turnsOf(message), ...panel.turns].slice(0, SHOWN_TURNS),
	};
}

function turnsOf(message: Snapshots): Turn[] {
	return (message.state_changes ?? []).map((change) => ({
		deviceId: change.device_id,
		from: change.from_state,
		to: change.to_state,
		reason: change.reason,
		at: message.time_stamp,
	}));
}

function refreshed(device: Device, { device_id: _, interfaces, ...reading }: SnapShot, timeStamp: string): Device {
	if (device.snap_shot && device.snap_shot.time_stamp > timeStamp) return device;
	const state = stateOf(reading.active_connection);
	const next = { ...device, state, snap_shot: { ...reading, time_stamp: timeStamp } };
	// Only views that asked for interfaces have them.
	return interfaces === undefined ? next : { ...next, interfaces };
}

function edit(devices: Map<number, Device>, changed: readonly Device[], removed: readonly number[]) {
	for (const device of changed) devices.set(device.id, device);
	for (const id of removed) devices.delete(id);
	return devices;
}
