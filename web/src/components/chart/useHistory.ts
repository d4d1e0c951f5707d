/** How a range of the address becomes a question to the history, and when it is asked again. Pure but for the hook. */
import { useQuery } from '@tanstack/react-query';
import { RANGES, useView, type View } from '../../address';
import { useLive } from '../../hooks';
import type { History } from './HistoryChart';

const POINTS = 360;
const SHORT_SECONDS = 86_400;
const LONG_PAUSE_MS = 5 * 60_000;

export interface Question {
	from: string;
	to?: string;
	points: number;
	zone: string;
}

/** What to ask now; a zoomed stretch has an end, a range goes up to now. */
export function toQuestion({ range, stretch }: Pick<View, 'range' | 'stretch'>, nowMs: number): Question {
	const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
	const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
	if (stretch) return { from: iso(stretch[0]), to: iso(stretch[1]), points: POINTS, zone };
	return { from: iso(Math.floor(nowMs / 1000) - RANGES[range]), points: POINTS, zone };
}

/**
 * The history that the address asks for. Up to a day it is asked anew with each tick, longer ranges every five minutes;
 * what was there before stays until the answer has come.
 */
export function useHistory(name: string, ask: (question: Question, signal: AbortSignal) => Promise<History>) {
	const { range, stretch } = useView();
	const tick = useLive((live) => live.panel?.timeStamp ?? null);
	const isShort = stretch === null && RANGES[range] <= SHORT_SECONDS;
	return useQuery({
		queryKey: [name, stretch ?? range, isShort ? tick : null],
		queryFn: ({ signal }) => ask(toQuestion({ range, stretch }, Date.now()), signal),
		placeholderData: (before) => before,
		refetchInterval: stretch ? false : LONG_PAUSE_MS,
	});
}
