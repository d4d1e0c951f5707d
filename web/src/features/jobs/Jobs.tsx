/** The ledger as a strip of ticks, and jobs by hand. */
import type { JobRun } from '../../api/client';
import { Card } from '../../components/Card';
import { ViewLink } from '../../components/DeviceLink';
import { duration, exact } from '../../format';
import { useJobRuns, useNow } from '../../hooks';
import { words } from '../../words';
import { ByHand } from './ByHand';
import { type Mark, type Minute, toStrip } from './strip';

const MINUTES = 90;
const MARKS = ['done', 'skipped', 'missed', 'failed'] as const;

/** `isWhole`: in the view of the jobs, else with the way there. */
export function Jobs({ isWhole = false }: { isWhole?: boolean }) {
	const runs = useJobRuns();
	const now = useNow();
	const strip = toStrip(runs.data ?? [], now, MINUTES);
	const running = (runs.data ?? []).filter((run) => run.outcome === null && run.started_at !== null);
	return (
		<Card title={words.jobs} className="jobs" aside={<ByHand isWhole={isWhole} />}>
			{running.length > 0 && (
				<ul className="running">
					{running.map((run) => (
						<Running key={run.id} run={run} now={now} />
					))}
				</ul>
			)}
			<ol className="strip" aria-label={words.jobs}>
				{strip.map((minute) => (
					<li key={minute.at} className={`tick tick-${minute.mark}`} title={tell(minute)}>
						<span className="visually-hidden">{minute.run && tell(minute)}</span>
					</li>
				))}
			</ol>
			<div className="strip-key">
				{MARKS.map((mark) => (
					<span key={mark}>
						<i className={`tick tick-${mark}`} aria-hidden="true" />
						{words.outcome[mark]} <b>{count(strip, mark)}</b>
					</span>
				))}
				<span className="quiet strip-hint">{words.jobsHint}</span>
				{!isWhole && <ViewLink to={{ page: 'jobs', device: null }}>{words.allJobs}</ViewLink>}
			</div>
		</Card>
	);
}

function Running({ run, now }: { run: JobRun; now: number }) {
	const name = words.job[run.job] ?? run.job;
	const age = duration((now - Date.parse(run.started_at ?? run.tick)) / 1000);
	return (
		<li>
			<b>{name}</b> <span className="quiet">{words.runningFor(age)}</span>
			{run.progress !== null && <progress value={run.progress} aria-label={name} />}
		</li>
	);
}

function tell({ at, run, mark }: Minute): string {
	const when = exact(at);
	if (run === null || mark === 'nothing') return when;
	return `${words.job[run.job] ?? run.job}: ${words.outcome[mark]}, ${when}${run.error ? `, ${run.error}` : ''}`;
}

const count = (strip: readonly Minute[], mark: Mark) => strip.filter((minute) => minute.mark === mark).length;
