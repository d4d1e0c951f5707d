/** What React components share: the live store, the running time, what was turned lately. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { api, found, liveAddress } from './api/client';
import { type Live, LiveStore } from './live/store';

export const store = new LiveStore({ address: liveAddress() });

/** One part of the live store; `select` must give the very same value while nothing changed. */
export function useLive<T>(select: (live: Live) => T): T {
	return useSyncExternalStore(store.listen, () => select(store.get()));
}

/** Milliseconds since 1970, anew every second, in step with the clock. */
export function useNow(): number {
	const [now, setNow] = useState(Date.now);
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), 1000);
		return () => clearInterval(timer);
	}, []);
	return now;
}

/** The ledger's newest refreshes and cleans; asked anew after each tick, and while none comes. */
export function useJobRuns() {
	const tick = useLive((live) => live.panel?.timeStamp ?? null);
	return useQuery({
		queryKey: ['job-runs', tick],
		queryFn: async ({ signal }) => found(await api.GET('/api/job-runs', { params: { query: { limit: 150 } }, signal })),
		placeholderData: (before) => before,
		refetchInterval: 20_000,
	});
}
