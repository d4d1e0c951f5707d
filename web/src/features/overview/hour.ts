/** The last hour of totals: what was stored before the page was opened, and after it what came live. Pure. */
import type { SummaryPoint } from '../../api/client';
import type { TickTotals } from '../../live/totals';

export interface HourPoint {
	minute: number;
	up: number | null;
	download: number | null;
	upload: number | null;
}

/** Points of so many minutes each; from `fineSince` (seconds) on of one. */
export interface Stored {
	points: readonly SummaryPoint[];
	minutes: number;
	fineSince?: number | undefined;
}

const MINUTES = 60;

/** A point per minute, oldest first, with the traffic of the first kind there is; null where nobody looked. */
export function joinHour(stored: Stored, ring: readonly TickTotals[], nowMs: number): HourPoint[] {
	const known = new Map<number, Omit<HourPoint, 'minute'>>();
	// A clean leaves of a minute only its five minutes' mean.
	for (const one of stored.points) {
		const cells = { up: one.up, download: one.download_speed, upload: one.upload_speed };
		const begin = minuteOf(one.time_stamp);
		const isFine = stored.fineSince !== undefined && begin * 60 >= stored.fineSince;
		for (let minute = 0; minute < (isFine ? 1 : stored.minutes); minute += 1) known.set(begin + minute, cells);
	}
	for (const one of ring) {
		const traffic = one.traffic[0];
		known.set(minuteOf(one.timeStamp), {
			up: one.up,
			download: traffic?.downloadSpeed ?? null,
			upload: traffic?.uploadSpeed ?? null,
		});
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
