/** The ledger as a strip of minutes. Pure. */
import type { JobRun } from '../../api/client';

export type Mark = 'done' | 'skipped' | 'missed' | 'failed' | 'running' | 'nothing';

export interface Minute {
	/** Milliseconds since 1970. */
	at: number;
	run: JobRun | null;
	mark: Mark;
}

/** A mark per minute up to now, oldest first: the refresh of that minute, or the clean that ran in its place. */
export function toStrip(runs: readonly JobRun[], nowMs: number, count: number): Minute[] {
	const known = new Map<number, JobRun>();
	for (const run of runs) {
		if (run.job !== 'refresh' && run.job !== 'clean') continue;
		const minute = Math.floor(Date.parse(run.tick) / 60_000);
		const before = known.get(minute);
		// Newest first: a run that ended worse must not hide behind one by hand.
		if (before === undefined || RANK[markOf(run)] > RANK[markOf(before)]) known.set(minute, run);
	}
	const newest = Math.floor(nowMs / 60_000);
	return Array.from({ length: count }, (_, index) => {
		const minute = newest - count + 1 + index;
		const run = known.get(minute) ?? null;
		return { at: minute * 60_000, run, mark: run ? markOf(run) : 'nothing' };
	});
}

const RANK: Record<Mark, number> = { nothing: 0, skipped: 1, running: 2, done: 3, missed: 4, failed: 5 };

export const markOf = (run: JobRun): Mark => run.outcome ?? 'running';
