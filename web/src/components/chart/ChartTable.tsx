/** A chart's values as a table, for who cannot see it or wants the numbers; made only when it is opened. */
import { useState } from 'react';
import { moment, ratio, speed } from '../../format';
import { words } from '../../words';
import type { Columns } from './series';

const MOST_ROWS = 60;

export function ChartTable({ columns, most }: { columns: Columns; most: number | null }) {
	const [isOpen, setOpen] = useState(false);
	const step = Math.max(1, Math.ceil(columns.at.length / MOST_ROWS));
	const rows = columns.at.map((_, index) => index).filter((index) => (columns.at.length - 1 - index) % step === 0);
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
								<th scope="col">
									{words.download} ({words.mbit})
								</th>
								<th scope="col">
									{words.upload} ({words.mbit})
								</th>
								<th scope="col">{most === 1 ? words.state.up : words.devicesUp}</th>
							</tr>
						</thead>
						<tbody>
							{rows.reverse().map((index) => (
								<tr key={columns.at[index]}>
									<th scope="row">{moment(columns.at[index] ?? 0)}</th>
									<td>{speed(columns.download[index])}</td>
									<td>{speed(columns.upload[index])}</td>
									<td>{most === 1 ? ratio(columns.up[index] ?? null) : (columns.up[index] ?? '–')}</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</details>
	);
}
