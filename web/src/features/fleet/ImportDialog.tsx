/** A file of devices: first what it would change, then it is done, all or nothing. */
import { Button, FileInput, Modal } from '@mantine/core';
import { useState } from 'react';
import { base } from '../../api/client';
import { tell } from '../../notices';
import { words } from '../../words';
import { type Changes, countOf, formatOf, toFaults, toLines } from './changes';

const LIMIT_MS = 120_000;

async function send(file: File, isDryRun: boolean): Promise<Changes> {
	const format = formatOf(file.name);
	if (format === null) throw { detail: words.fleet.otherFile };
	const address = new URL(`api/fleet?format=${format}&dry_run=${isDryRun}`, base());
	const answer = await fetch(address, { method: 'PUT', body: file, signal: AbortSignal.timeout(LIMIT_MS) });
	if (!answer.ok) throw await answer.json();
	return answer.json();
}

export default function ImportDialog({ onClose }: { onClose: () => void }) {
	const [file, setFile] = useState<File | null>(null);
	const [changes, setChanges] = useState<Changes | null>(null);
	const [faults, setFaults] = useState<string[]>([]);
	const [isBusy, setBusy] = useState(false);
	const attempt = async (chosen: File, isDryRun: boolean) => {
		setBusy(true);
		setFaults([]);
		try {
			const found = await send(chosen, isDryRun);
			setChanges(found);
			if (!isDryRun) {
				tell({ text: words.fleet.done(found.created.length, found.changed.length) });
				onClose();
			}
		} catch (problem) {
			setChanges(null);
			setFaults(toFaults(problem));
		}
		setBusy(false);
	};
	const choose = (chosen: File | null) => {
		setFile(chosen);
		setChanges(null);
		setFaults([]);
		if (chosen) attempt(chosen, true);
	};
	const count = changes ? countOf(changes) : 0;
	return (
		// Locking the scroll would write a style element, which the policy forbids.
		<Modal
			opened
			onClose={onClose}
			title={words.fleet.title}
			closeButtonProps={{ 'aria-label': words.close }}
			lockScroll={false}
			size="lg"
			centered
		>
			<div className="fleet">
				<FileInput
					label={words.fleet.file}
					description={words.fleet.files}
					placeholder={words.fleet.choose}
					accept=".yaml,.yml,.csv"
					value={file}
					onChange={choose}
					data-autofocus
				/>
				<div role="status" aria-live="polite">
					{isBusy && <p className="quiet">{words.loading}</p>}
					{faults.length > 0 && <Faults faults={faults} />}
					{changes && !isBusy && <Preview changes={changes} />}
				</div>
				<div className="form-buttons">
					<Button variant="default" onClick={onClose}>
						{words.cancel}
					</Button>
					{file && changes && count > 0 && (
						<Button loading={isBusy} onClick={() => attempt(file, false)}>
							{words.fleet.apply(count)}
						</Button>
					)}
				</div>
			</div>
		</Modal>
	);
}

function Faults({ faults }: { faults: readonly string[] }) {
	return (
		<div className="form-error" role="alert">
			{words.fleet.faults}
			<ul>
				{faults.map((fault) => (
					<li key={fault}>{fault}</li>
				))}
			</ul>
		</div>
	);
}

function Preview({ changes }: { changes: Changes }) {
	const { shown, more } = toLines(changes);
	const { created, changed, unchanged, left_out } = changes;
	return (
		<>
			<p>
				<b>{words.fleet.counts(created.length, changed.length, unchanged, left_out.length)}</b>
			</p>
			{shown.length > 0 && (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
				<ul className="fleet-lines" tabIndex={0} aria-label={words.fleet.changes}>
					{shown.map(({ kind, text, details }) => (
						<li key={`${kind} ${text}`} className={`fleet-${kind}`}>
							<b>{words.fleet.kinds[kind]}</b> {text}
							{details.map((detail) => (
								<small key={detail}>{detail}</small>
							))}
						</li>
					))}
					{more > 0 && <li className="quiet">{words.fleet.more(more)}</li>}
				</ul>
			)}
		</>
	);
}
