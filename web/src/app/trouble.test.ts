import { expect, test } from 'vitest';
import type { JobRun } from '../api/client';
import type { Live } from '../live/store';
import { findTrouble } from './trouble';

const now = Date.parse('2026-11-23T20:00:30Z');
const panel = { epoch: 'e', seq: 1, timeStamp: '2026-11-23T20:00:00Z', devices: new Map(), turns: [] };
const well: Live = { link: 'open', linkSince: now - 60_000, panel, totals: null, ring: [], error: null };

function run(tick: string, more: Partial<JobRun> = {}): JobRun {
	return {
		id: 1,
		job: 'refresh',
		tick,
		requested_by: 'schedule',
		attempt: 1,
		worker: 'w',
		started_at: tick,
		finished_at: tick,
		outcome: 'done',
		progress: null,
		device_count: 1,
		snapshot_count: 1,
		error: null,
		...more,
	};
}

const old = { ...panel, timeStamp: '2026-11-23T19:50:00Z' };

test.each<[string, Live, JobRun[] | undefined, string | undefined]>([
	['nothing while all is well', well, [run('2026-11-23T20:00:00Z')], undefined],
	['nothing about a blink of the link', { ...well, link: 'lost', linkSince: now - 1000 }, [], undefined],
	['a lost link', { ...well, link: 'lost', linkSince: now - 5000 }, [], 'lost'],
	['a link that is being tried', { ...well, link: 'connecting', linkSince: now - 5000 }, [], 'lost'],
	['a page that is not let in', { ...well, link: 'refused' }, [], 'refused'],
	[
		'nothing before the first state',
		{ ...well, link: 'connecting', linkSince: now, panel: null },
		undefined,
		undefined,
	],
	['that no refresh has finished', { ...well, panel: { ...panel, timeStamp: null } }, [], 'none'],
	['a refresh that failed', well, [run('2026-11-23T20:00:00Z', { outcome: 'failed', error: 'no network' })], 'failed'],
	['a late refresh', { ...well, panel: old }, [run('2026-11-23T20:00:00Z', { outcome: 'skipped' })], 'late'],
])('it tells %s', (_, live, runs, kind) => expect(findTrouble(live, runs, now)?.kind).toBe(kind));

test('it tells when no worker takes anything up', () => {
	const trouble = findTrouble({ ...well, panel: old }, [run('2026-11-23T19:50:00Z')], now);
	expect(trouble?.text).toContain('Is a worker running?');
});
