/** All devices together, and the totals of the last ticks for what is drawn live. */
import type { Panel } from './panel';

/** Speeds are Mbit/s. */
export interface Totals {
	devices: number;
	up: number;
	down: number;
	unknown: number;
	uploadSpeed: number;
	downloadSpeed: number;
}

/** The totals at a tick. */
export interface TickTotals extends Totals {
	timeStamp: string;
}

export const KEPT_TICKS = 180;

export function countTotals(panel: Panel): Totals {
	const totals: Totals = { devices: panel.devices.size, up: 0, down: 0, unknown: 0, uploadSpeed: 0, downloadSpeed: 0 };
	for (const device of panel.devices.values()) {
		totals[device.state] += 1;
		totals.uploadSpeed += device.snap_shot?.upload_speed ?? 0;
		totals.downloadSpeed += device.snap_shot?.download_speed ?? 0;
	}
	return totals;
}

/** The ring with one tick more; pages of one refresh have the same tick, and the last of them counts. */
export function appendTotals(ring: readonly TickTotals[], totals: Totals, timeStamp: string): readonly TickTotals[] {
	const before = ring.filter((one) => one.timeStamp < timeStamp);
	return [...before, { ...totals, timeStamp }].slice(-KEPT_TICKS);
}
