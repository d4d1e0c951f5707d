/** The history that the address asks for, and when it is asked again. */
import { useQuery } from '@tanstack/react-query';
import { RANGES, useView } from '../../address';
import { api, found } from '../../api/client';
import { useLive } from '../../hooks';
import { askFinely, findOldest, type History, type Question, toQuestion } from './question';

const SHORT_SECONDS = 86_400;
const LONG_PAUSE_MS = 5 * 60_000;
const OLDEST_MS = 60 * 60_000;

/** The range of the address as a name for answers and as a question to ask now; null while its begin is being found. */
export function useRange(): { key: unknown; isShort: boolean; ask: (() => Question) | null } {
	const { range, stretch } = useView();
	const isAll = range === 'all' && stretch === null;
	const asked = useQuery({
		queryKey: ['oldest'],
		enabled: isAll,
		staleTime: OLDEST_MS,
		queryFn: ({ signal }) =>
			findOldest(
				async (query) =>
					found(await api.GET('/api/summary/history', { params: { query: { ...query, kind: 'all' } }, signal })),
				Date.now(),
			),
	});
	const oldest = asked.data ?? null;
	return {
		key: stretch ?? range,
		isShort: stretch === null && RANGES[range] <= SHORT_SECONDS,
		ask: isAll && oldest === null ? null : () => toQuestion({ range, stretch }, Date.now(), oldest),
	};
}

/**
 * The history that the address asks for. Up to a day it is asked anew with each tick, longer ranges every five minutes;
 * what was there before stays until the answer has come.
 */
export function useHistory(name: string, ask: (question: Question, signal: AbortSignal) => Promise<History>) {
	const range = useRange();
	const tick = useLive((live) => live.panel?.timeStamp ?? null);
	const { stretch } = useView();
	return useQuery({
		queryKey: [name, range.key, range.isShort ? tick : null],
		enabled: range.ask !== null,
		queryFn: ({ signal }) => askFinely((question) => ask(question, signal), (range.ask as () => Question)()),
		placeholderData: (before) => before,
		refetchInterval: stretch ? false : LONG_PAUSE_MS,
	});
}
