/** What is wrong with what is shown, in words: the link, the refresh, the worker, the database, the clock. Pure. */
import type { JobRun } from '../api/client';
import { clock, duration, moment } from '../format';
import type { Live } from '../live/store';
import { words } from '../words';

export interface Trouble {
	kind: 'lost' | 'refused' | 'ahead' | 'delayed' | 'late' | 'failed' | 'none';
	text: string;
}

/** A blink of the link is not worth a word. */
const QUIET_SECONDS = 2;
/** As the server's /readyz: the tick of a clean has no refresh, so that two minutes are nothing yet. */
const LATE_SECONDS = 190;
/** Older figures no longer pass for the present; a refresh after a clean has half a minute to come. */
const STALE_SECONDS = 150;
/** As the server's clocks.py: clocks of two machines may differ by less. */
const AHEAD_SECONDS = 60;
const DAY_MS = 86_400_000;

/** What the server says of itself, apart from the link. */
export interface Told {
	/** The ledger's newest runs; undefined until they are known. */
	runs?: readonly JobRun[] | undefined;
	/** How far the newest tick lies ahead of the server's clock, where that was set back. */
	secondsAhead?: number | null | undefined;
}

export function findTrouble(live: Live, told: Told, nowMs: number): Trouble | null {
	if (live.link === 'refused') return { kind: 'refused', text: words.trouble.refused };
	if (live.lostSince !== null && nowMs - live.lostSince > QUIET_SECONDS * 1000)
		return { kind: 'lost', text: words.trouble.lost(tellTime(live.lostSince, nowMs)) };
	if (live.panel === null) return null;
	const { timeStamp, storingDelayedSince } = live.panel;
	if (told.secondsAhead) return { kind: 'ahead', text: words.trouble.ahead(duration(told.secondsAhead)) };
	const ageSeconds = timeStamp === null ? 0 : (nowMs - Date.parse(timeStamp)) / 1000;
	// The ledger stands still meanwhile, so what it said last of a refresh is not the newest.
	if (storingDelayedSince !== null && ageSeconds <= LATE_SECONDS)
		return { kind: 'delayed', text: words.trouble.delayed(tellTime(Date.parse(storingDelayedSince), nowMs)) };
	return findLateness(timeStamp, ageSeconds, told.runs, nowMs);
}

/** Whether to ask the server for its clock: one of the two was set, or no refresh came. */
export function mayBeAhead({ panel }: Live, nowMs: number): boolean {
	if (panel === null || panel.timeStamp === null) return false;
	const ageSeconds = (nowMs - Date.parse(panel.timeStamp)) / 1000;
	return ageSeconds < -AHEAD_SECONDS || ageSeconds > LATE_SECONDS;
}

function findLateness(
	timeStamp: string | null,
	ageSeconds: number,
	runs: readonly JobRun[] | undefined,
	nowMs: number,
): Trouble | null {
	const refreshes = runs?.filter((run) => run.job === 'refresh' && run.outcome !== null) ?? [];
	const newest = refreshes[0];
	if (newest?.outcome === 'failed') return { kind: 'failed', text: words.trouble.failed(newest.error ?? '–') };
	if (timeStamp === null) return { kind: 'none', text: words.trouble.none };
	if (ageSeconds <= LATE_SECONDS) return null;
	const isIdle = runs !== undefined && !isAnyRunning(runs, nowMs);
	const tell = isIdle ? words.trouble.worker : words.trouble.late;
	return { kind: 'late', text: tell(duration(ageSeconds)) };
}

/** When what is shown was so, where that is no longer the present: the link is lost, or no refresh came. */
export function findAsOf({ panel, lostSince }: Live, trouble: Trouble | null, nowMs: number): string | null {
	if (panel === null) return null;
	const isCut = trouble?.kind === 'lost' || trouble?.kind === 'refused';
	const at = panel.timeStamp === null ? lostSince : Date.parse(panel.timeStamp);
	if (at === null || (!isCut && nowMs - at <= STALE_SECONDS * 1000)) return null;
	return tellTime(at, nowMs);
}

const tellTime = (ms: number, nowMs: number) => (nowMs - ms < DAY_MS ? clock : moment)(ms / 1000);

/** Whether a worker took anything up in the last minutes. */
function isAnyRunning(runs: readonly JobRun[], nowMs: number): boolean {
	return runs.some((run) => run.started_at !== null && nowMs - Date.parse(run.started_at) < LATE_SECONDS * 1000);
}
