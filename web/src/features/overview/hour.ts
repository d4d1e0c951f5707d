/** The last hour of totals: what was stored before the page was opened, and after it what came live. Pure. */
import type { SummaryPoint } from '../../api/client';
import type { TickTotals } from '../../live/totals';

export interface HourPoint {
	minute: number;
	up: number | null;
	download: number | null;
	upload: number | null;
}

const MINUTES = 60;

/** A point per minute, oldest first; null where nobody looked. */
export function joinHour(stored: readonly SummaryPoint[], ring: readonly TickTotals[], nowMs: number): HourPoint[] {
	const known = new Map<number, Omit<HourPoint, 'minute'>>();
	for (const one of stored) {
		known.set(minuteOf(one.time_stamp), { up: one.up, download: one.download_speed, upload: one.upload_speed });
	}
	for (const one of ring) {
		known.set(minuteOf(one.timeStamp), { up: one.up, download: one.downloadSpeed, upload: one.uploadSpeed });
	}
	// The running minute is no gap while its tick is still to come.
	const running = Math.floor(nowMs / 60_000);
	const newest = known.get(running) === undefined ? running - 1 : running;
	const nothing = { up: null, download: null, upload: null };
	return Array.from({ length: MINUTES }, (_, index) => {
		const minute = newest - MINUTES + 1 + index;
		return { minute, ...(known.get(minute) ?? nothing) };
	});
}

const minuteOf = (timeStamp: string) => Math.floor(Date.parse(timeStamp) / 60_000);
