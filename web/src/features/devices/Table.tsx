/** The rows that are seen of very many; arrow keys, Home, End and Enter lead through all of them. */
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { COLUMNS, type Column, go, useView } from '../../address';
import type { Device } from '../../live/messages';
import { useLeaving } from '../../removals';
import { words } from '../../words';
import { DeviceRow } from './DeviceRow';
import { useRecent } from './useRecent';

const ROW_PIXELS = 46;
const CARD_PIXELS = 92;
const NARROW = matchMedia('(max-width: 46rem)');
const NUMBERS: readonly Column[] = ['down', 'up', 'age'];

/** What leads into the rows from elsewhere. */
export interface TableHandle {
	enter: () => void;
}

export function Table({ shown, handle }: { shown: readonly Device[]; handle: RefObject<TableHandle | null> }) {
	const scroller = useRef<HTMLDivElement>(null);
	const isNarrow = useNarrow();
	const leaving = useLeaving();
	const [chosen, setChosen] = useState<number | null>(null);
	const wanted = useRef<number | null>(null);
	// The keyboard's place is a device, which keeps it wherever a refresh sorts it to.
	const here = Math.max(
		0,
		shown.findIndex((device) => device.id === chosen),
	);
	const rows = useVirtualizer({
		count: shown.length,
		getScrollElement: () => scroller.current,
		estimateSize: () => (isNarrow ? CARD_PIXELS : ROW_PIXELS),
		getItemKey: (index) => shown[index]?.id ?? index,
		overscan: 8,
		scrollPaddingStart: isNarrow ? 0 : ROW_PIXELS,
		// A row that has the focus stays, or scrolling would throw the keyboard back to the begin of the page.
		rangeExtractor: (range: Range) => {
			const seen = defaultRangeExtractor(range);
			return seen.includes(here) || here >= shown.length ? seen : [...seen, here].sort((one, other) => one - other);
		},
	});
	// biome-ignore lint/correctness/useExhaustiveDependencies: the sizes change with the width alone.
	useLayoutEffect(() => rows.measure(), [isNarrow]);
	useLayoutEffect(() => {
		const row = wanted.current === null ? null : findRow(scroller.current, wanted.current);
		if (row === null) return;
		wanted.current = null;
		row.focus({ preventScroll: true });
	});
	const visit = (index: number) => {
		const place = Math.min(shown.length - 1, Math.max(0, index));
		const device = shown[place];
		if (device === undefined) return;
		rows.scrollToIndex(place);
		wanted.current = device.id;
		setChosen(device.id);
		findRow(scroller.current, device.id)?.focus({ preventScroll: true });
	};
	handle.current = { enter: () => visit(here) };
	const onKey = (event: KeyboardEvent) => {
		if (event.ctrlKey || event.metaKey || event.altKey) return;
		const row = (event.target as Element).closest<HTMLElement>('[data-id]');
		if (row === null) return;
		const page = Math.max(
			1,
			Math.floor((scroller.current?.clientHeight ?? 0) / (rows.options.estimateSize(0) || 1)) - 2,
		);
		const step = toStep(event.key, { here, page, last: shown.length - 1 });
		if (step !== null) visit(step);
		else if (event.key === 'Enter' && event.target === row) go({ device: Number(row.dataset.id), stretch: null });
		else return;
		event.preventDefault();
	};
	const items = rows.getVirtualItems();
	const recentVersion = useRecent(items.map((item) => shown[item.index]?.id ?? 0).filter((id) => id > 0));
	return (
		<div className="table-scroller" ref={scroller}>
			<div
				role="grid"
				aria-rowcount={shown.length + 1}
				aria-label={words.tableLabel}
				className="table"
				onKeyDown={onKey}
				onFocus={(event) => {
					const id = Number(event.target.closest<HTMLElement>('[data-id]')?.dataset.id);
					if (id) setChosen(id);
				}}
			>
				<div role="rowgroup" className="table-head">
					<div role="row" aria-rowindex={1} className="table-row">
						{COLUMNS.slice(0, 4).map((column) => (
							<HeadCell key={column} column={column} />
						))}
						<span role="columnheader" className="cell-line">
							{words.columns.line}
						</span>
						{COLUMNS.slice(4).map((column) => (
							<HeadCell key={column} column={column} />
						))}
						<span role="columnheader" className="cell-tags">
							{words.columns.tags}
						</span>
					</div>
				</div>
				<div role="rowgroup" className="table-body" style={{ height: rows.getTotalSize() }}>
					{items.map((row) => {
						const device = shown[row.index];
						return (
							device && (
								<DeviceRow
									key={row.key}
									device={device}
									top={row.start}
									index={row.index}
									isHere={row.index === here}
									isLeaving={leaving.has(device.id)}
									recentVersion={recentVersion}
								/>
							)
						);
					})}
				</div>
			</div>
		</div>
	);
}

const findRow = (scroller: HTMLElement | null, id: number) =>
	scroller?.querySelector<HTMLElement>(`[data-id="${id}"]`) ?? null;

/** Where a key leads to; null where it leads nowhere. */
export function toStep(key: string, { here, page, last }: { here: number; page: number; last: number }): number | null {
	const steps: Record<string, number> = {
		ArrowDown: here + 1,
		ArrowUp: here - 1,
		PageDown: here + page,
		PageUp: here - page,
		Home: 0,
		End: last,
	};
	return steps[key] ?? null;
}

function HeadCell({ column }: { column: Column }) {
	const { sort, isDescending } = useView();
	const isSorted = sort === column;
	const turn = () =>
		go(
			{ sort: column, isDescending: isSorted ? !isDescending : column === 'down' || column === 'up' },
			{ replace: true },
		);
	const order = isDescending ? 'descending' : 'ascending';
	return (
		<span
			role="columnheader"
			aria-sort={isSorted ? order : 'none'}
			className={`cell-${column} ${NUMBERS.includes(column) ? 'number' : ''}`}
		>
			<button type="button" onClick={turn}>
				{words.columns[column]}
				<i aria-hidden="true">{isSorted ? (isDescending ? '↓' : '↑') : ''}</i>
			</button>
		</span>
	);
}

function useNarrow(): boolean {
	const [isNarrow, setNarrow] = useState(NARROW.matches);
	useLayoutEffect(() => {
		const follow = () => setNarrow(NARROW.matches);
		NARROW.addEventListener('change', follow);
		return () => NARROW.removeEventListener('change', follow);
	}, []);
	return isNarrow;
}
