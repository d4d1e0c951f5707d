/** All devices together, and the totals of the last ticks for what is drawn live. */
import { type Kind, kindOf } from './edge';
import type { Panel } from './panel';

/** Traffic of the devices of a kind that are at the edge of the network, in Mbit/s; null where none is known. */
export interface Traffic {
	kind: Kind;
	devices: number;
	uploadSpeed: number | null;
	downloadSpeed: number | null;
}

export interface Totals {
	devices: number;
	up: number;
	down: number;
	unknown: number;
	/** Of each kind of which there are devices, the real ones first. */
	traffic: readonly Traffic[];
}

/** The totals at a tick. */
export interface TickTotals extends Totals {
	timeStamp: string;
}

export const KEPT_TICKS = 180;

export function countTotals(panel: Panel, edge: ReadonlySet<number>): Totals {
	const totals = { devices: panel.devices.size, up: 0, down: 0, unknown: 0 };
	const kinds: Record<Kind, Traffic> = { real: none('real'), simulated: none('simulated') };
	for (const device of panel.devices.values()) {
		totals[device.state] += 1;
		const its = kinds[kindOf(device.driver)];
		its.devices += 1;
		if (!edge.has(device.id)) continue;
		its.uploadSpeed = add(its.uploadSpeed, device.snap_shot?.upload_speed);
		its.downloadSpeed = add(its.downloadSpeed, device.snap_shot?.download_speed);
	}
	return { ...totals, traffic: [kinds.real, kinds.simulated].filter((one) => one.devices > 0) };
}

const none = (kind: Kind): Traffic => ({ kind, devices: 0, uploadSpeed: null, downloadSpeed: null });

const add = (sum: number | null, speed: number | null | undefined) => (speed == null ? sum : (sum ?? 0) + speed);

/** The ring with one tick more; pages of one refresh have the same tick, and the last of them counts. */
export function appendTotals(ring: readonly TickTotals[], totals: Totals, timeStamp: string): readonly TickTotals[] {
	const before = ring.filter((one) => one.timeStamp < timeStamp);
	return [...before, { ...totals, timeStamp }].slice(-KEPT_TICKS);
}
