/**
 * Removals that can still be undone. They are held back on this page, so that a device that is kept after all keeps its
 * number and its past; they are sent when their time is over, or when the page is left.
 */
import { useSyncExternalStore } from 'react';
import { base } from './api/client';

/** As long as the word about it, with its way back, is shown. */
export const UNDO_MS = 12_000;

interface Removal {
	timer: ReturnType<typeof setTimeout>;
	onFailure: (problem: unknown) => void;
}

const removals = new Map<number, Removal>();
let leaving: ReadonlySet<number> = new Set();
const listeners = new Set<() => void>();

/** Remove a device after the time to undo it; `onFailure` gets the problem as the service tells it. */
export function removeSoon(id: number, onFailure: (problem: unknown) => void): void {
	keep(id);
	removals.set(id, { timer: setTimeout(() => send(id), UNDO_MS), onFailure });
	tellListeners();
}

/** Undo it; false where it is too late. */
export function keep(id: number): boolean {
	const removal = removals.get(id);
	if (removal === undefined) return false;
	clearTimeout(removal.timer);
	removals.delete(id);
	tellListeners();
	return true;
}

async function send(id: number): Promise<void> {
	const removal = removals.get(id);
	if (removal === undefined) return;
	clearTimeout(removal.timer);
	removals.delete(id);
	try {
		// Goes on when the page is gone.
		const answer = await fetch(new URL(`api/devices/${id}`, base()), { method: 'DELETE', keepalive: true });
		if (!answer.ok && answer.status !== 404) throw await answer.json();
	} catch (problem) {
		removal.onFailure(problem);
	}
	tellListeners();
}

addEventListener('pagehide', () => {
	for (const id of [...removals.keys()]) send(id);
});

function tellListeners(): void {
	leaving = new Set(removals.keys());
	for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

/** Who is about to be removed. */
export const useLeaving = (): ReadonlySet<number> => useSyncExternalStore(listen, () => leaving);
