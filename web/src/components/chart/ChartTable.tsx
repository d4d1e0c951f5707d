/** A chart's values as a table, for who cannot see it or wants the numbers; made only when it is opened. */
import { useState } from 'react';
import { latency, moment, ratio, speed } from '../../format';
import { words } from '../../words';
import type { Columns, Measure } from './series';

const MOST_ROWS = 60;

interface Props {
	columns: Columns;
	most: number | null;
	measures: readonly Measure[];
}

interface TableColumn {
	name: string;
	tell: (index: number) => string;
}

export function ChartTable({ columns, most, measures }: Props) {
	const [isOpen, setOpen] = useState(false);
	const step = Math.max(1, Math.ceil(columns.at.length / MOST_ROWS));
	const rows = columns.at.map((_, index) => index).filter((index) => (columns.at.length - 1 - index) % step === 0);
	const shown = toTableColumns(columns, most, measures);
	return (
		<details className="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary>{words.asTable}</summary>
			{isOpen && (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
				<div className="chart-table-rows" tabIndex={0}>
					<table>
						<thead>
							<tr>
								<th scope="col">{words.time}</th>
								{shown.map(({ name }) => (
									<th key={name} scope="col">
										{name}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{rows.reverse().map((index) => (
								<tr key={columns.at[index]}>
									<th scope="row">{moment(columns.at[index] ?? 0)}</th>
									{shown.map(({ name, tell }) => (
										<td key={name}>{tell(index)}</td>
									))}
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</details>
	);
}

function toTableColumns(columns: Columns, most: number | null, measures: readonly Measure[]): TableColumn[] {
	const { up } = columns;
	const all: Record<Measure, TableColumn[]> = {
		traffic: [
			{ name: `${words.download} (${words.mbit})`, tell: (index) => speed(columns.download[index]) },
			{ name: `${words.upload} (${words.mbit})`, tell: (index) => speed(columns.upload[index]) },
		],
		latency: [
			{ name: `${words.latency} (${words.milliseconds})`, tell: (index) => latency(columns.latency[index]) },
			{ name: words.loss, tell: (index) => ratio(columns.loss[index] ?? null) },
		],
	};
	const last: TableColumn =
		most === 1
			? { name: words.state.up, tell: (index) => ratio(up[index] ?? null) }
			: { name: words.devicesUp, tell: (index) => String(up[index] ?? '–') };
	return [...measures.flatMap((measure) => all[measure]), last];
}
