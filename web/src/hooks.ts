/** What React components share: the live store, the running time, what was turned lately. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { api, found, liveAddress } from './api/client';
import type { Driver } from './drivers';
import { type Live, LiveStore } from './live/store';

export const store = new LiveStore({ address: liveAddress() });

/** One part of the live store; `select` must give the very same value while nothing changed. */
export function useLive<T>(select: (live: Live) => T): T {
	return useSyncExternalStore(store.listen, () => select(store.get()));
}

/** A device's interfaces as they are now, over a link of their own while `isWanted`; undefined until they are known. */
export function useLiveInterfaces(id: number, isWanted: boolean) {
	const view = useMemo(() => new LiveStore({ address: `${liveAddress()}?device_ids=${id}&interfaces=true` }), [id]);
	const isMainOpen = useLive((live) => live.link === 'open');
	useEffect(() => {
		if (!isWanted) return;
		view.start();
		return () => view.stop();
	}, [view, isWanted]);
	useEffect(() => {
		if (isMainOpen) view.hurry();
	}, [view, isMainOpen]);
	return useSyncExternalStore(view.listen, () => view.get().panel?.devices.get(id)?.interfaces);
}

/** Milliseconds since 1970, anew every second, in step with the clock. */
export function useNow(): number {
	return useSyncExternalStore(listenToClock, () => now);
}

// One timer for all ages on the page.
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const clockListeners = new Set<() => void>();

function listenToClock(listener: () => void): () => void {
	clockListeners.add(listener);
	timer ??= setInterval(() => {
		now = Date.now();
		for (const one of clockListeners) one();
	}, 1000);
	return () => {
		clockListeners.delete(listener);
		if (clockListeners.size > 0) return;
		clearInterval(timer);
		timer = undefined;
	};
}

const PAPER = matchMedia('print');

/** Whether the page is being printed, where light colours are wanted whatever the theme. */
export function usePrinting(): boolean {
	return useSyncExternalStore(
		(listener) => {
			PAPER.addEventListener('change', listener);
			return () => PAPER.removeEventListener('change', listener);
		},
		() => PAPER.matches,
	);
}

/** The ledger's newest refreshes and cleans; asked anew after each tick, and while none comes. */
export function useJobRuns() {
	const tick = useLive((live) => live.panel?.timeStamp ?? null);
	return useQuery({
		queryKey: ['job-runs', tick],
		queryFn: async ({ signal }) => found(await api.GET('/api/job-runs', { params: { query: { limit: 150 } }, signal })),
		placeholderData: (before) => before,
		refetchInterval: ({ state }) => (state.data?.some((run) => run.outcome === null) ? 2000 : 20_000),
	});
}

/** How far the newest tick lies ahead of the server's clock, asked for while `isWanted`; null where it does not. */
export function useSecondsAhead(isWanted: boolean): number | null {
	const asked = useQuery({
		queryKey: ['seconds-ahead'],
		enabled: isWanted,
		queryFn: async ({ signal }) => found(await api.GET('/api/summary', { signal })).seconds_ahead,
		refetchInterval: 20_000,
	});
	return isWanted ? (asked.data ?? null) : null;
}

/** All drivers; undefined until they are known, or where they cannot be asked for. */
export function useDrivers(): readonly Driver[] | undefined {
	return useQuery({
		queryKey: ['drivers'],
		staleTime: Number.POSITIVE_INFINITY,
		queryFn: async ({ signal }) => found(await api.GET('/api/drivers', { signal })) as unknown as readonly Driver[],
	}).data;
}
