/**
 * What each device carried in the last minutes, for the small lines in the table: what came over /live, and for before
 * that what was asked of the history once. Ten thousand devices take some 2 MB.
 */
import type { Device } from './messages';

export const KEPT_MINUTES = 30;

/** Mbit/s of one device, a cell a minute, oldest first; null where nobody looked. */
export interface Line {
	download: (number | null)[];
	upload: (number | null)[];
}

interface Minute {
	minute: number;
	/** By slot; NaN where nobody looked. */
	download: Float32Array;
	upload: Float32Array;
}

export interface PastPoint {
	time_stamp: string;
	download_speed: number | null;
	upload_speed: number | null;
}

type Past = ReadonlyMap<number, { download: number; upload: number }>;

export class Recent {
	private readonly slots = new Map<number, number>();
	private minutes: Minute[] = [];
	private past = new Map<number, Past>();

	/** A tick came, or one page of it. */
	take(devices: ReadonlyMap<number, Device>, timeStamp: string): void {
		const now = minuteOf(timeStamp);
		for (const id of devices.keys()) if (!this.slots.has(id)) this.slots.set(id, this.slots.size);
		const kept = this.minutes.filter(({ minute }) => minute > now - KEPT_MINUTES && minute !== now);
		const download = new Float32Array(this.slots.size).fill(Number.NaN);
		const upload = new Float32Array(this.slots.size).fill(Number.NaN);
		for (const { id, snap_shot } of devices.values()) {
			if (snap_shot === null || minuteOf(snap_shot.time_stamp) !== now) continue;
			const slot = this.slots.get(id) as number;
			download[slot] = snap_shot.download_speed ?? Number.NaN;
			upload[slot] = snap_shot.upload_speed ?? Number.NaN;
		}
		this.minutes = [...kept, { minute: now, download, upload }].sort((one, other) => one.minute - other.minute);
	}

	/** Ticks may have been lost: what is stored is to be asked anew. */
	forget(): void {
		this.past = new Map();
	}

	/** What the history told of a device, in points of so many minutes. */
	fill(id: number, points: readonly PastPoint[], minutesOfPoint: number): void {
		const past = new Map<number, { download: number; upload: number }>();
		for (const { time_stamp, download_speed, upload_speed } of points) {
			if (download_speed === null || upload_speed === null) continue;
			const begin = minuteOf(time_stamp);
			for (let minute = begin; minute < begin + minutesOfPoint; minute += 1)
				past.set(minute, { download: download_speed, upload: upload_speed });
		}
		this.past.set(id, past);
	}

	isFilled(id: number): boolean {
		return this.past.has(id);
	}

	lineOf(id: number): Line {
		const newest = this.minutes.at(-1)?.minute ?? 0;
		const line: Line = { download: Array(KEPT_MINUTES).fill(null), upload: Array(KEPT_MINUTES).fill(null) };
		const put = (minute: number, download: number | undefined, upload: number | undefined) => {
			const place = minute - newest + KEPT_MINUTES - 1;
			if (place < 0 || place >= KEPT_MINUTES || download === undefined || Number.isNaN(download)) return;
			line.download[place] = download;
			line.upload[place] = upload ?? null;
		};
		for (const [minute, { download, upload }] of this.past.get(id) ?? []) put(minute, download, upload);
		const slot = this.slots.get(id);
		if (slot !== undefined) for (const one of this.minutes) put(one.minute, one.download[slot], one.upload[slot]);
		return line;
	}
}

const minuteOf = (timeStamp: string) => Math.floor(Date.parse(timeStamp) / 60_000);
