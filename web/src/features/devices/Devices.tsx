/** All devices: filters over a table of rows that are there only while they are seen. */
import { type KeyboardEvent, type ReactNode, useMemo, useRef } from 'react';
import { useView } from '../../address';
import { useLive } from '../../hooks';
import { words } from '../../words';
import { Filters } from './Filters';
import { findChoices, selectDevices } from './select';
import { Table, type TableHandle } from './Table';

export function Devices({ actions }: { actions: ReactNode }) {
	const devices = useLive((live) => live.panel?.devices);
	const { search, state, type, tag, sort, isDescending } = useView();
	const table = useRef<TableHandle>(null);
	const shown = useMemo(
		() => selectDevices(devices?.values() ?? [], { search, state, type, tag, sort, isDescending }),
		[devices, search, state, type, tag, sort, isDescending],
	);
	const choices = useMemo(() => findChoices(devices?.values() ?? []), [devices]);
	if (devices === undefined) return <p className="quiet">{words.loading}</p>;
	const enterTable = (event: KeyboardEvent) => {
		if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
		event.preventDefault();
		table.current?.enter();
	};
	return (
		<section className="card devices" aria-label={words.devices}>
			<Filters {...choices} shown={shown.length} all={devices.size} actions={actions} onSearchKey={enterTable} />
			{shown.length === 0 ? (
				<p className="quiet table-empty">{devices.size === 0 ? words.first.empty : words.noneFits}</p>
			) : (
				<Table shown={shown} handle={table} />
			)}
		</section>
	);
}
