/** The ledger as a strip of ticks, and jobs by hand. */
import { Button, Modal, PasswordInput } from '@mantine/core';
import { type SyntheticEvent, useEffect, useState } from 'react';
import { Card } from '../../components/Card';
import { exact } from '../../format';
import { store, useJobRuns, useLive, useNow } from '../../hooks';
import type { Control } from '../../live/messages';
import { words } from '../../words';
import { type Mark, type Minute, toStrip } from './strip';

const MINUTES = 90;
const MARKS = ['done', 'skipped', 'missed', 'failed'] as const;

export function Jobs() {
	const runs = useJobRuns();
	const now = useNow();
	const strip = toStrip(runs.data ?? [], now, MINUTES);
	return (
		<Card title={words.jobs} className="jobs" aside={<ByHand />}>
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
			</div>
		</Card>
	);
}

function tell({ at, run, mark }: Minute): string {
	const when = exact(at);
	if (run === null || mark === 'nothing') return when;
	return `${words.job[run.job] ?? run.job}: ${words.outcome[mark]}, ${when}${run.error ? `, ${run.error}` : ''}`;
}

const count = (strip: readonly Minute[], mark: Mark) => strip.filter((minute) => minute.mark === mark).length;

type JobName = Control['socket_type'];

/** The password is kept while the page is open, never stored. */
let password: string | undefined;

function ByHand() {
	const error = useLive((live) => live.error);
	const [wanted, setWanted] = useState<JobName | null>(null);
	const [isAsking, setAsking] = useState(false);
	const [told, setTold] = useState('');
	const ask = (job: JobName) => {
		const isSent = store.ask({ socket_type: job, ...(password === undefined ? {} : { password }) });
		setWanted(job);
		setTold(isSent ? words.asked[job] : words.notAsked);
	};
	useEffect(() => {
		if (error === null) return;
		if (error.code === 'wrong_password') setAsking(true);
		setTold(error.detail);
	}, [error]);
	const answer = (event: SyntheticEvent<HTMLFormElement>) => {
		event.preventDefault();
		password = String(new FormData(event.currentTarget).get('password'));
		setAsking(false);
		if (wanted) ask(wanted);
	};
	return (
		<div className="by-hand">
			<span role="status" className="quiet">
				{told}
			</span>
			<Button size="xs" variant="light" onClick={() => ask('refresh')}>
				{words.refreshNow}
			</Button>
			<Button size="xs" variant="default" onClick={() => ask('clean')}>
				{words.cleanNow}
			</Button>
			{/* Locking the scroll would write a style element, which the policy forbids. */}
			<Modal opened={isAsking} onClose={() => setAsking(false)} title={words.passwordTitle} lockScroll={false} centered>
				<form onSubmit={answer} className="password-form">
					<PasswordInput name="password" label={words.password} data-autofocus autoComplete="current-password" />
					<Button type="submit">{words.send}</Button>
				</form>
			</Modal>
		</div>
	);
}
