/** Points of the API as the columns that a chart draws. Pure. */
import type { DevicePoint, InterfacePoint, SummaryPoint } from '../../api/client';
import { toSeconds } from '../../format';

export type Cells = (number | null)[];

/** Columns over the same moments (seconds); null where nobody looked. Speeds are Mbit/s. */
export interface Columns {
	at: number[];
	download: Cells;
	downloadMin: Cells;
	downloadMax: Cells;
	upload: Cells;
	uploadMin: Cells;
	uploadMax: Cells;
	/** Devices up, or the part of the time that the one device was up. */
	up: Cells;
}

type Point = SummaryPoint | DevicePoint | InterfacePoint;

export function toColumns(points: readonly Point[]): Columns {
	const column = (pick: (point: Point) => number | null) => points.map(pick);
	return {
		at: points.map((point) => toSeconds(point.time_stamp)),
		download: column((point) => point.download_speed),
		downloadMin: column((point) => point.download_speed_min),
		downloadMax: column((point) => point.download_speed_max),
		upload: column((point) => point.upload_speed),
		uploadMin: column((point) => point.upload_speed_min),
		uploadMax: column((point) => point.upload_speed_max),
		up: column(upOf),
	};
}

function upOf(point: Point): number | null {
	if ('up' in point) return point.up;
	const seconds = point.up_seconds + point.down_seconds + point.unknown_seconds;
	return seconds > 0 ? point.up_seconds / seconds : null;
}

/** The largest known value; null where there is none. */
export function largest(cells: Cells): number | null {
	let found: number | null = null;
	for (const cell of cells) if (cell !== null && (found === null || cell > found)) found = cell;
	return found;
}

/** The index of the last point that anybody looked at; -1 where nobody did. */
export function lastKnown(columns: Columns): number {
	return columns.download.findLastIndex((cell) => cell !== null);
}
