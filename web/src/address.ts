/** What is looked at, kept in the query of the address, so that a view can be shared and goes back with the browser. */
import { useSyncExternalStore } from 'react';
import type { State } from './live/messages';

export const RANGES = {
	'10m': 600,
	'1h': 3600,
	'24h': 86_400,
	'7d': 604_800,
	'30d': 2_592_000,
	'90d': 7_776_000,
	'1y': 31_536_000,
	all: Number.POSITIVE_INFINITY,
} as const;

export type RangeName = keyof typeof RANGES;
export const COLUMNS = ['state', 'name', 'type', 'address', 'down', 'up', 'age'] as const;
export type Column = (typeof COLUMNS)[number];

export interface View {
	page: 'overview' | 'devices' | 'map' | 'jobs';
	device: number | null;
	/** The interface of the device whose chart is shown. */
	interface: string | null;
	search: string;
	state: State | null;
	type: string | null;
	tag: string | null;
	sort: Column;
	isDescending: boolean;
	range: RangeName;
	/** A zoomed stretch, in seconds since 1970; null: the range up to now. */
	stretch: readonly [number, number] | null;
	isKiosk: boolean;
}

const USUAL = new URLSearchParams();

export function parseView(query: string): View {
	const given = new URLSearchParams(query);
	const text = (name: string) => given.get(name) || null;
	const device = Number(given.get('device') ?? Number.NaN);
	const sort = given.get('sort') ?? 'state';
	const state = text('state');
	return {
		page: (['devices', 'map', 'jobs'] as const).find((page) => page === given.get('view')) ?? 'overview',
		device: Number.isInteger(device) && device > 0 ? device : null,
		interface: text('interface'),
		search: given.get('q') ?? '',
		state: state === 'up' || state === 'down' || state === 'unknown' ? state : null,
		type: text('type'),
		tag: text('tag'),
		sort: COLUMNS.find((column) => column === sort.replace('-', '')) ?? 'state',
		isDescending: sort.startsWith('-'),
		range: (Object.keys(RANGES) as RangeName[]).find((name) => name === given.get('range')) ?? '1h',
		stretch: parseStretch(given.get('from'), given.get('to')),
		isKiosk: given.has('kiosk'),
	};
}

export function formatView(view: View): string {
	const query = new URLSearchParams(USUAL);
	const set = (name: string, value: string | null | false) => {
		if (value) query.set(name, value);
	};
	set('view', view.page !== 'overview' && view.page);
	set('device', view.device !== null && String(view.device));
	set('interface', view.interface);
	set('q', view.search);
	set('state', view.state);
	set('type', view.type);
	set('tag', view.tag);
	const sort = `${view.isDescending ? '-' : ''}${view.sort}`;
	set('sort', sort !== 'state' && sort);
	set('range', view.range !== '1h' && view.range);
	set('from', view.stretch !== null && String(view.stretch[0]));
	set('to', view.stretch !== null && String(view.stretch[1]));
	const text = [query.toString(), view.isKiosk ? 'kiosk' : ''].filter(Boolean).join('&');
	return text ? `?${text}` : '?';
}

function parseStretch(from: string | null, to: string | null): readonly [number, number] | null {
	const [begin, end] = [Number(from), Number(to)];
	return begin > 0 && end > begin ? [begin, end] : null;
}

let current = { query: '', view: parseView('') };
const listeners = new Set<() => void>();

function read(): View {
	if (location.search !== current.query) current = { query: location.search, view: parseView(location.search) };
	return current.view;
}

function listen(listener: () => void): () => void {
	listeners.add(listener);
	addEventListener('popstate', listener);
	return () => {
		listeners.delete(listener);
		removeEventListener('popstate', listener);
	};
}

/** Another view; one that is typed or dragged replaces the address, one that is gone to can be gone back from. */
export function go(part: Partial<View>, { replace = false } = {}): void {
	const query = hrefOf(part);
	if (query === (location.search || '?')) return;
	if (replace) history.replaceState(null, '', query);
	else history.pushState(null, '', query);
	for (const listener of listeners) listener();
}

/** An interface is one of its device: it does not stay when another is gone to. */
export const hrefOf = (part: Partial<View>): string =>
	formatView({ ...read(), ...(part.device === undefined ? {} : { interface: null }), ...part });
export const useView = (): View => useSyncExternalStore(listen, read);
