import { expect, test } from 'vitest';
import type { JobRun } from '../api/client';
import { clock, moment } from '../format';
import type { Live } from '../live/store';
import { toTab } from './tab';
import { findAsOf, findTrouble, mayBeAhead } from './trouble';

const now = Date.parse('2026-11-23T20:00:30Z');
const panel = {
	epoch: 'e',
	seq: 1,
	timeStamp: '2026-11-23T20:00:00Z',
	storingDelayedSince: null,
	devices: new Map(),
	turns: [],
};
const well: Live = { link: 'open', lostSince: null, panel, totals: null, ring: [], error: null };

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

const delayed = { ...panel, storingDelayedSince: '2026-11-23T19:58:00Z' };
const old = { ...panel, timeStamp: '2026-11-23T19:50:00Z' };

test.each<[string, Live, JobRun[] | undefined, string | undefined]>([
	['nothing while all is well', well, [run('2026-11-23T20:00:00Z')], undefined],
	['nothing about a blink of the link', { ...well, link: 'lost', lostSince: now - 1000 }, [], undefined],
	['a lost link', { ...well, link: 'lost', lostSince: now - 5000 }, [], 'lost'],
	['a link that never was', { ...well, link: 'connecting', lostSince: now - 5000, panel: null }, [], 'lost'],
	['a page that is not let in', { ...well, link: 'refused' }, [], 'refused'],
	[
		'nothing before the first state',
		{ ...well, link: 'connecting', lostSince: now, panel: null },
		undefined,
		undefined,
	],
	['that no refresh has finished', { ...well, panel: { ...panel, timeStamp: null } }, [], 'none'],
	['a refresh that failed', well, [run('2026-11-23T20:00:00Z', { outcome: 'failed', error: 'no network' })], 'failed'],
	['that storing is delayed', { ...well, panel: delayed }, [run(panel.timeStamp, { outcome: 'failed' })], 'delayed'],
	['a late refresh rather than a delay', { ...well, panel: { ...delayed, timeStamp: old.timeStamp } }, [], 'late'],
	['a late refresh', { ...well, panel: old }, [run('2026-11-23T20:00:00Z', { outcome: 'skipped' })], 'late'],
])('it tells %s', (_, live, runs, kind) => expect(findTrouble(live, { runs }, now)?.kind).toBe(kind));

test('it tells since when storing is delayed, and that the screen is live', () => {
	const text = findTrouble({ ...well, panel: delayed }, {}, now)?.text;
	expect(text).toContain('what you see is live');
	expect(text).toContain(`since ${clock(Date.parse(delayed.storingDelayedSince) / 1000)}`);
	expect(findAsOf({ ...well, panel: delayed }, null, now)).toBeNull();
});

test.each([
	[30, false],
	[-59, false],
	[-61, true],
	[190, false],
	[191, true],
])('with a tick of %s s ago it asks for the clock of the server: %s', (ageSeconds, isAsked) => {
	expect(mayBeAhead(well, Date.parse(panel.timeStamp) + ageSeconds * 1000)).toBe(isAsked);
});

test('it tells how far the clock of the server was set back, whatever else is wrong', () => {
	const trouble = findTrouble({ ...well, panel: old }, { runs: [], secondsAhead: 600 }, now);
	expect(trouble).toEqual({ kind: 'ahead', text: expect.stringContaining('10 min ahead') });
});

test('it tells when no worker takes anything up', () => {
	const trouble = findTrouble({ ...well, panel: old }, { runs: [run('2026-11-23T19:50:00Z')] }, now);
	expect(trouble?.text).toContain('Is a worker running?');
});

const at = Date.parse(panel.timeStamp);
const totals = { devices: 18, up: 18, down: 0, unknown: 0, traffic: [] };
const lost: Live = { ...well, link: 'lost', lostSince: at + 20_000 };
const atTick = clock(at / 1000);
const atTab = `as of ${atTick} · dashNET`;

test.each<[string, Live, number, string | null, string, string]>([
	['the present', well, 30, null, '18/18 up · dashNET', 'up'],
	['a minute without a refresh', well, 149, null, '18/18 up · dashNET', 'up'],
	['refreshes that stay away', well, 151, atTick, `⚠ 18/18 up, ${atTab}`, 'lost'],
	['a blink of the link', lost, 21, null, '18/18 up · dashNET', 'up'],
	['readings that wait to be stored', { ...well, panel: delayed }, 30, null, '18/18 up · dashNET', 'up'],
	['a lost link', lost, 23, atTick, `⚠ No link, ${atTab}`, 'lost'],
	['a link lost for long', lost, 3600, atTick, `⚠ No link, ${atTab}`, 'lost'],
	[
		'a link lost the day before',
		lost,
		90_000,
		moment(at / 1000),
		`⚠ No link, as of ${moment(at / 1000)} · dashNET`,
		'lost',
	],
	['a page no longer let in', { ...lost, link: 'refused' }, 23, atTick, `⚠ Refused, ${atTab}`, 'lost'],
	['nothing yet', { ...well, panel: null, totals: null }, 3600, null, 'dashNET', 'wait'],
])('of %s it tells when that was so', (_, live, seconds, asOf, title, favicon) => {
	const nowMs = at + seconds * 1000;
	const trouble = findTrouble(live, {}, nowMs);
	expect(findAsOf(live, trouble, nowMs)).toBe(asOf);
	expect(toTab({ totals: live.panel && totals }, trouble, asOf)).toEqual({ title, favicon });
});
