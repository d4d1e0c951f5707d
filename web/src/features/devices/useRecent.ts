/** What the history knows of the last minutes of the devices in sight: asked once for each, a hundred at a time. */
import { useEffect, useState } from 'react';
import { api, found } from '../../api/client';
import { store } from '../../hooks';
import { KEPT_MINUTES } from '../../live/recent';

const MOST_AT_ONCE = 100;
/** Who scrolls by has no need of it. */
const PAUSE_MS = 200;

/** A number that is another one as soon as more is known. */
export function useRecent(ids: readonly number[]): number {
	const [version, setVersion] = useState(0);
	const missing = ids.filter((id) => !store.recent.isFilled(id)).slice(0, MOST_AT_ONCE);
	const key = missing.join(',');
	// biome-ignore lint/correctness/useExhaustiveDependencies: the version asks again after an answer that was not for all.
	useEffect(() => {
		if (key === '') return;
		const gone = new AbortController();
		const timer = setTimeout(
			() =>
				ask(key, gone.signal).then(
					() => setVersion((before) => before + 1),
					// Without it the lines begin with what comes live.
					() => undefined,
				),
			PAUSE_MS,
		);
		return () => {
			clearTimeout(timer);
			gone.abort();
		};
	}, [key, version]);
	return version;
}

async function ask(device_ids: string, signal: AbortSignal): Promise<void> {
	const from = new Date(Date.now() - KEPT_MINUTES * 60_000).toISOString();
	const query = { device_ids, from, step: '1m' };
	const { devices, step_seconds } = found(await api.GET('/api/devices/history', { params: { query }, signal }));
	for (const { device_id, points } of devices) store.recent.fill(device_id, points, (step_seconds ?? 60) / 60);
}
