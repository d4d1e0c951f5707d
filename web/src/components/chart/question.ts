/** How a range of the address becomes questions to the history, and their answers one. Pure. */
import { RANGES, type View } from '../../address';
import type { DevicePoint, InterfacePoint, SummaryPoint } from '../../api/client';
import { toSeconds } from '../../format';

export interface History {
	from: string;
	to: string;
	/** As the API writes steps: 5m, 2d, 1w, 1mo. */
	step: string;
	/** Null for steps of days and months, which are not always of one length. */
	step_seconds: number | null;
	raw_since: string;
	points: readonly (SummaryPoint | DevicePoint | InterfacePoint)[];
	/** Seconds of the points from `fineSince` on, where those before are longer. */
	fine?: { since: number; stepSeconds: number };
}

export interface Question {
	from: string;
	to?: string;
	points: number;
	zone: string;
	step?: string;
}

export type Ask = (question: Question) => Promise<History>;

const POINTS = 360;
const MINUTE = 60;
const FINE_SECONDS = 3600;
/** The longest that the server answers for is a little more. */
const TEN_YEARS = 3650 * 86_400;
const ROUNDS = 4;

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

/** What to ask now; a zoomed stretch has an end, a range goes up to now. `oldest` is where all that is stored begins. */
export function toQuestion(
	{ range, stretch }: Pick<View, 'range' | 'stretch'>,
	nowMs: number,
	oldest: number | null,
): Question {
	const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
	if (stretch) return { from: iso(stretch[0]), to: iso(stretch[1]), points: POINTS, zone };
	const now = Math.floor(nowMs / 1000);
	const from = range === 'all' ? (oldest ?? now - TEN_YEARS) : now - RANGES[range];
	return { from: iso(Math.min(from, now - MINUTE)), points: POINTS, zone };
}

/**
 * The answer with the finest points there are: of a short range whose begin is kept only as points of some minutes, the
 * part of which single readings are held is asked for by the minute.
 */
export async function askFinely(ask: Ask, question: Question): Promise<History> {
	const whole = await ask(question);
	const step = whole.step_seconds;
	// Steps of days or months have no fixed length, and no minute to look closer at.
	if (step === null || step <= MINUTE) return whole;
	const [from, to] = [toSeconds(whole.from), toSeconds(whole.to)];
	// Where a coarse point ends, so that none overlaps.
	const since = Math.ceil(Math.max(toSeconds(whole.raw_since), from) / step) * step;
	if (to - from > FINE_SECONDS + step || since >= to) return whole;
	return joinHistories(whole, await ask({ ...question, from: iso(since), step: '1m' }), since);
}

export function joinHistories(coarse: History, fine: History, since: number): History {
	const before = coarse.points.filter((point) => toSeconds(point.time_stamp) < since);
	const after = fine.points.filter((point) => toSeconds(point.time_stamp) >= since);
	return {
		...coarse,
		to: fine.to,
		points: [...before, ...after],
		fine: { since, stepSeconds: fine.step_seconds ?? MINUTE },
	};
}

/** Where all that is stored begins, in seconds: each round looks more closely at where the round before saw something. */
export async function findOldest(ask: Ask, nowMs: number): Promise<number> {
	const now = Math.floor(nowMs / 1000);
	let from = now - TEN_YEARS;
	for (let round = 0; round < ROUNDS; round += 1) {
		const { points } = await ask(toQuestion({ range: 'all', stretch: null }, nowMs, from));
		const first = points.findIndex((point) => 'up' in point && point.up !== null);
		if (first === -1) return round === 0 ? now - RANGES['10m'] : from;
		from = Math.max(from, toSeconds((points[first] as SummaryPoint).time_stamp));
		if (first <= 1) break;
	}
	return from;
}
