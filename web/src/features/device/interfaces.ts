/** The rows of a device's interfaces: what is stored of them, with what /live tells in its place. Pure. */
import type { StoredInterface } from '../../api/client';
import type { LiveInterface, State } from '../../live/messages';

export interface Row {
	name: string;
	alias: string;
	state: State;
	/** Mbit/s, as all speeds. */
	lineSpeed: number | null;
	download: number | null;
	upload: number | null;
	/** Packets per second, both ways; null where neither is known. */
	errors: number | null;
	discards: number | null;
	/** When it was seen last, where the latest reading did not show it. */
	goneSince: string | null;
}

const NUMBERS = new Intl.Collator(undefined, { numeric: true });

/** By name (eth2 before eth10), those that are there no more at the end; `live` is undefined until it is known. */
export function toRows(stored: readonly StoredInterface[], live: readonly LiveInterface[] | undefined): Row[] {
	const rows = new Map(stored.map((one) => [one.name, fromStored(one, live !== undefined)]));
	for (const one of live ?? []) rows.set(one.name, fromLive(one));
	return [...rows.values()].sort(
		(one, other) => Number(one.goneSince !== null) - Number(other.goneSince !== null) || compare(one, other),
	);
}

/** Whether what is stored was asked before one of them went: when it was seen last is only known since. */
export function isBehind(stored: readonly StoredInterface[], live: readonly LiveInterface[] | undefined): boolean {
	const shown = new Set(live?.map((one) => one.name));
	return live !== undefined && stored.some((one) => one.state !== 'unknown' && !shown.has(one.name));
}

const compare = (one: Row, other: Row) => NUMBERS.compare(one.name, other.name);

function fromStored(one: StoredInterface, isReplaced: boolean): Row {
	const { name, alias, line_speed, last_seen_at, snap_shot } = one;
	const row = { name, alias: alias ?? '', lineSpeed: line_speed };
	// What the feed does not tell of is not there; until the feed is there, the stored state says so.
	if (isReplaced || one.state === 'unknown' || snap_shot === null) {
		const nothing = { download: null, upload: null, errors: null, discards: null };
		return { ...row, ...nothing, state: 'unknown', goneSince: last_seen_at };
	}
	return { ...row, ...rates(snap_shot), state: one.state, goneSince: null };
}

function fromLive(one: LiveInterface): Row {
	const { name, alias, state, line_speed } = one;
	return { name, alias: alias ?? '', state, lineSpeed: line_speed, ...rates(one), goneSince: null };
}

type Rates = Pick<
	LiveInterface,
	'download_speed' | 'upload_speed' | 'errors_in' | 'errors_out' | 'discards_in' | 'discards_out'
>;

const rates = (one: Rates) => ({
	download: one.download_speed,
	upload: one.upload_speed,
	errors: addKnown(one.errors_in, one.errors_out),
	discards: addKnown(one.discards_in, one.discards_out),
});

function addKnown(one: number | null, other: number | null): number | null {
	return one === null && other === null ? null : (one ?? 0) + (other ?? 0);
}

/** The part of the line that the busier direction takes, up to 1; null where either is not known. */
export function loadOf({ lineSpeed, download, upload }: Pick<Row, 'lineSpeed' | 'download' | 'upload'>): number | null {
	if (!lineSpeed || (download === null && upload === null)) return null;
	return Math.min(1, Math.max(download ?? 0, upload ?? 0) / lineSpeed);
}
