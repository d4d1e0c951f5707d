import { expect, test, vi } from 'vitest';
import type { SummaryPoint } from '../../api/client';
import { toSeconds } from '../../format';
import { askFinely, findOldest, type History, type Question, toQuestion } from './question';

const noon = Date.parse('2026-11-23T12:00:00Z');
const point = (seconds: number, speed: number | null = 1) =>
	({ time_stamp: new Date(seconds * 1000).toISOString(), up: speed, download_speed: null }) as SummaryPoint;

/** A server that holds single readings from `rawSince` on, and of before points of five minutes. */
function serverOf(rawSince: number) {
	return vi.fn(async ({ from, step }: Question): Promise<History> => {
		const seconds = step === '1m' || toSeconds(from) >= rawSince ? 60 : 300;
		const begin = Math.floor(toSeconds(from) / seconds) * seconds;
		const count = Math.ceil((noon / 1000 - begin) / seconds);
		return {
			from: new Date(begin * 1000).toISOString(),
			to: new Date(noon).toISOString(),
			step: `${seconds / 60}m`,
			step_seconds: seconds,
			raw_since: new Date(rawSince * 1000).toISOString(),
			points: Array.from({ length: count }, (_, index) => point(begin + index * seconds)),
		};
	});
}

test('of an hour that a clean has left as five minutes, the last minutes are single all the same', async () => {
	const rawSince = noon / 1000 - 12 * 60;
	const found = await askFinely(serverOf(rawSince), toQuestion({ range: '1h', stretch: null }, noon, null));
	const minutes = found.points.map((one) => (noon / 1000 - toSeconds(one.time_stamp)) / 60);
	expect(minutes).toEqual([60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
	expect(found.fine).toEqual({ since: noon / 1000 - 600, stepSeconds: 60 });
});

test.each([
	['all of it is held', '1h', 0],
	['nothing of it is held yet', '1h', noon / 1000 - 30],
	['it is long', '24h', noon / 1000 - 600],
] as const)('one question is enough where %s', async (_, range, rawSince) => {
	const ask = serverOf(rawSince);
	await askFinely(ask, toQuestion({ range, stretch: null }, noon, null));
	expect(ask).toHaveBeenCalledTimes(1);
});

test.each([
	['1y', '2d'],
	['all', '1mo'],
] as const)('of %s in steps of %s one answer is enough, for they have no length in seconds', async (range, step) => {
	const from = new Date(noon - 31_536_000_000).toISOString();
	const whole = { from, to: new Date(noon).toISOString(), step, step_seconds: null, raw_since: from, points: [] };
	const ask = vi.fn(async (): Promise<History> => whole);
	expect(await askFinely(ask, toQuestion({ range, stretch: null }, noon, null))).toBe(whole);
	expect(ask).toHaveBeenCalledTimes(1);
});

test('everything begins where the store does, to about a part in three hundred', async () => {
	const oldest = noon / 1000 - 90 * 86_400 - 1234;
	const ask = vi.fn(async ({ from }: Question): Promise<History> => {
		const begin = toSeconds(from);
		const step = (noon / 1000 - begin) / 360;
		const points = Array.from({ length: 360 }, (_, index) => {
			const at = begin + index * step;
			return point(at, at + step > oldest ? 1 : null);
		});
		return { from, to: new Date(noon).toISOString(), step: '1d', step_seconds: step, raw_since: from, points };
	});
	const found = await findOldest(ask, noon);
	expect(found).toBeLessThanOrEqual(oldest);
	expect(oldest - found).toBeLessThan((90 * 86_400) / 300);
	expect(ask.mock.calls.length).toBeLessThan(5);
});

test('where nothing is stored, everything is the last minutes', async () => {
	const ask = async ({ from }: Question): Promise<History> => ({
		from,
		to: from,
		step: '1m',
		step_seconds: 60,
		raw_since: from,
		points: [],
	});
	expect(await findOldest(ask, noon)).toBe(noon / 1000 - 600);
});

test('a stretch that was zoomed to has both ends', () =>
	expect(toQuestion({ range: '1h', stretch: [100, 220] }, noon, null)).toMatchObject({
		from: '1970-01-01T00:01:40.000Z',
		to: '1970-01-01T00:03:40.000Z',
	}));
