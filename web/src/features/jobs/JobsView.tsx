/** All about the jobs: the strip of the last minutes, jobs by hand, and the newest runs with what came of them. */
import type { JobRun } from '../../api/client';
import { Card } from '../../components/Card';
import { duration, moment, toSeconds } from '../../format';
import { useJobRuns } from '../../hooks';
import { words } from '../../words';
import { Jobs } from './Jobs';

const SHOWN = 60;

export function JobsView() {
	const runs = useJobRuns();
	const names = words.runs.columns;
	return (
		<>
			<Jobs isWhole />
			<Card title={words.runs.title} className="runs">
				{runs.data?.length === 0 && <p className="quiet">{words.runs.none}</p>}
				{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
				<div className="runs-rows" tabIndex={0}>
					<table>
						<thead>
							<tr>
								{(Object.keys(names) as (keyof typeof names)[]).map((name) => (
									<th key={name} scope="col">
										{names[name]}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{runs.data?.slice(0, SHOWN).map((run) => (
								<Row key={run.id} run={run} />
							))}
						</tbody>
					</table>
				</div>
			</Card>
		</>
	);
}

function Row({ run }: { run: JobRun }) {
	const { job, tick, started_at, finished_at, outcome, device_count, error } = run;
	const took = started_at && finished_at ? duration(toSeconds(finished_at) - toSeconds(started_at)) : '–';
	return (
		<tr>
			<th scope="row">{words.job[job] ?? job}</th>
			<td>{moment(toSeconds(tick))}</td>
			<td>{words.outcome[outcome ?? 'running']}</td>
			<td>{took}</td>
			<td>{device_count?.toLocaleString() ?? '–'}</td>
			<td className="run-error">{error}</td>
		</tr>
	);
}
