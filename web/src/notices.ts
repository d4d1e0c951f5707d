/** Short words about what was done, each with a way back; the newest replaces the one before. */
import { useSyncExternalStore } from 'react';
import { UNDO_MS } from './removals';

export interface Notice {
	text: string;
	undo?: () => Promise<void>;
}

let notice: Notice | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

export function tell(next: Notice | null): void {
	clearTimeout(timer);
	notice = next;
	if (next) timer = setTimeout(() => tell(null), UNDO_MS);
	for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

export const useNotice = (): Notice | null => useSyncExternalStore(listen, () => notice);
