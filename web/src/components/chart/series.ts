/** Points of the API as the columns that a chart draws. Pure. */
import type { DevicePoint, InterfacePoint, SummaryPoint } from '../../api/client';
import { countsTraffic, timesAnswers } from '../../drivers';
import { toSeconds } from '../../format';

export type Cells = (number | null)[];

/** Columns over the same moments (seconds); null where nothing was measured. Speeds are Mbit/s. */
export interface Columns {
	at: number[];
	download: Cells;
	downloadMin: Cells;
	downloadMax: Cells;
	upload: Cells;
	uploadMin: Cells;
	uploadMax: Cells;
	/** Milliseconds. */
	latency: Cells;
	latencyMin: Cells;
	latencyMax: Cells;
	/** The part of the packets that were lost. */
	loss: Cells;
	/** Devices up, or the part of the time that the one device was up. */
	up: Cells;
}

/** Kinds of numbers that a chart can show over time, each in a plot of its own. */
export type Measure = 'traffic' | 'latency';

type Point = SummaryPoint | DevicePoint | InterfacePoint;
type Named = Partial<Record<string, number | string | null>>;

export function toColumns(points: readonly Point[]): Columns {
	const column = (name: string, factor = 1) =>
		points.map((point) => {
			const value = (point as unknown as Named)[name];
			return typeof value === 'number' ? value * factor : null;
		});
	return {
		at: points.map((point) => toSeconds(point.time_stamp)),
		download: column('download_speed'),
		downloadMin: column('download_speed_min'),
		downloadMax: column('download_speed_max'),
		upload: column('upload_speed'),
		uploadMin: column('upload_speed_min'),
		uploadMax: column('upload_speed_max'),
		latency: column('round_trip_seconds', 1000),
		latencyMin: column('round_trip_seconds_min', 1000),
		latencyMax: column('round_trip_seconds_max', 1000),
		loss: column('loss_ratio'),
		up: points.map(upOf),
	};
}

function upOf(point: Point): number | null {
	if ('up' in point) return point.up;
	const seconds = point.up_seconds + point.down_seconds + point.unknown_seconds;
	return seconds > 0 ? point.up_seconds / seconds : null;
}

/**
 * Measures of a device: those of its driver, and others of which anything is stored, as after a change of the driver.
 * A stored 0 is no traffic: releases before wrote it for drivers that count none.
 */
export function measuresOf(driver: string, columns: Columns): readonly Measure[] {
	const hasTraffic = countsTraffic(driver) || (largest([...columns.downloadMax, ...columns.uploadMax]) ?? 0) > 0;
	const hasLatency = largest(columns.latencyMax) !== null || largest(columns.loss) !== null;
	if (timesAnswers(driver)) return hasTraffic ? ['latency', 'traffic'] : ['latency'];
	return [...(hasTraffic ? (['traffic'] as const) : []), ...(hasLatency ? (['latency'] as const) : [])];
}

/** The largest known value; null where there is none. */
export function largest(cells: Cells): number | null {
	let found: number | null = null;
	for (const cell of cells) if (cell !== null && (found === null || cell > found)) found = cell;
	return found;
}

/** The index of the last point of which anything is known; -1 where there is none. */
export function lastKnown({ up, download, latency }: Columns): number {
	return up.findLastIndex((_, index) => [up, download, latency].some((cells) => (cells[index] ?? null) !== null));
}
