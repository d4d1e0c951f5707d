/** All devices: filters over a table of rows that are there only while they are seen. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { COLUMNS, type Column, go, useView } from '../../address';
import { useLive } from '../../hooks';
import { words } from '../../words';
import { DeviceRow } from './DeviceRow';
import { Filters } from './Filters';
import { findChoices, selectDevices } from './select';

const ROW_PIXELS = 46;
const CARD_PIXELS = 92;
const NARROW = matchMedia('(max-width: 46rem)');
const NUMBERS: readonly Column[] = ['down', 'up', 'age'];

export function Devices({ actions }: { actions: ReactNode }) {
	const devices = useLive((live) => live.panel?.devices);
	const view = useView();
	const { search, state, type, tag, sort, isDescending } = view;
	const shown = useMemo(
		() => selectDevices(devices?.values() ?? [], { search, state, type, tag, sort, isDescending }),
		[devices, search, state, type, tag, sort, isDescending],
	);
	const choices = useMemo(() => findChoices(devices?.values() ?? []), [devices]);
	if (devices === undefined) return <p className="quiet">{words.loading}</p>;
	return (
		<section className="card devices" aria-label={words.devices}>
			<Filters {...choices} shown={shown.length} all={devices.size} actions={actions} />
			<Table shown={shown} />
		</section>
	);
}

function Table({ shown }: { shown: ReturnType<typeof selectDevices> }) {
	const scroller = useRef<HTMLDivElement>(null);
	const isNarrow = useNarrow();
	const rows = useVirtualizer({
		count: shown.length,
		getScrollElement: () => scroller.current,
		estimateSize: () => (isNarrow ? CARD_PIXELS : ROW_PIXELS),
		getItemKey: (index) => shown[index]?.id ?? index,
		overscan: 12,
	});
	// biome-ignore lint/correctness/useExhaustiveDependencies: the sizes change with the width alone.
	useLayoutEffect(() => rows.measure(), [isNarrow]);
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
		<div className="table-scroller" ref={scroller} tabIndex={0}>
			<div role="table" aria-rowcount={shown.length + 1} aria-label={words.devices} className="table">
				<div role="rowgroup" className="table-head">
					<div role="row" className="table-row">
						{COLUMNS.map((column) => (
							<HeadCell key={column} column={column} />
						))}
						<span role="columnheader" className="cell-tags">
							{words.columns.tags}
						</span>
					</div>
				</div>
				{shown.length === 0 && <p className="quiet table-empty">{words.noneFits}</p>}
				<div role="rowgroup" className="table-body" style={{ height: rows.getTotalSize() }}>
					{rows.getVirtualItems().map((row) => {
						const device = shown[row.index];
						return device && <DeviceRow key={row.key} device={device} top={row.start} index={row.index} />;
					})}
				</div>
			</div>
		</div>
	);
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
