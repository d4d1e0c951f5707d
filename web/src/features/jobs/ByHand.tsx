/** Refresh and clean by hand; the password is asked once, where the server has one. */
import { Button, Modal, PasswordInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useEffect, useRef, useState } from 'react';
import { store, useLive } from '../../hooks';
import type { Control } from '../../live/messages';
import { words } from '../../words';
import { CleanNow } from './CleanNow';

type JobName = Control['socket_type'];

/** The password is kept while the page is open, never stored. */
let password: string | undefined;

const TAKEN_MS = 700;

/** `isWhole`: with the clean, which does not belong where a hand slips. */
export function ByHand({ isWhole }: { isWhole: boolean }) {
	const error = useLive((live) => live.error);
	const tick = useLive((live) => live.panel?.timeStamp);
	const queries = useQueryClient();
	const [wanted, setWanted] = useState<JobName | null>(null);
	const [isAsking, setAsking] = useState(false);
	const [isWrong, setWrong] = useState(false);
	const [told, setTold] = useState('');
	const ask = (job: JobName) => {
		const isSent = store.ask({ socket_type: job, ...(password === undefined ? {} : { password }) });
		setWanted(job);
		setTold(isSent ? words.asked[job] : words.notAsked);
		// By then a worker has taken it up, and the ledger tells.
		setTimeout(() => queries.invalidateQueries({ queryKey: ['job-runs'] }), TAKEN_MS);
	};
	// An error that was told before this was on the page is not told again.
	const seen = useRef(store.get().error?.count ?? 0);
	useEffect(() => {
		if (error === null || error.count <= seen.current) return;
		seen.current = error.count;
		if (error.code === 'wrong_password') {
			setAsking(true);
			setWrong(password !== undefined);
		}
		setTold(error.detail);
	}, [error]);
	// biome-ignore lint/correctness/useExhaustiveDependencies: with a tick what was asked for is there.
	useEffect(() => setTold(''), [tick]);
	const answer = (event: SyntheticEvent<HTMLFormElement>) => {
		event.preventDefault();
		password = String(new FormData(event.currentTarget).get('password'));
		setAsking(false);
		// Not before the server has said so: it takes its time over a wrong one.
		setWrong(false);
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
			{isWhole && <CleanNow onClean={() => ask('clean')} />}
			{/* Locking the scroll would write a style element, which the policy forbids. */}
			<Modal
				opened={isAsking}
				onClose={() => setAsking(false)}
				title={words.passwordTitle}
				closeButtonProps={{ 'aria-label': words.close }}
				lockScroll={false}
				centered
			>
				<form onSubmit={answer} className="password-form">
					<PasswordInput
						name="password"
						label={words.password}
						error={isWrong && words.wrongPassword}
						data-autofocus
						autoComplete="current-password"
					/>
					<Button type="submit">{words.send}</Button>
				</form>
			</Modal>
		</div>
	);
}
