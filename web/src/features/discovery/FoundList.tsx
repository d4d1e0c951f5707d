/** The pick-list of a discovery that has ended. */
import { Button, Checkbox } from '@mantine/core';
import { useState } from 'react';
import { base } from '../../api/client';
import { DeviceLink } from '../../components/DeviceLink';
import { tell } from '../../notices';
import { words } from '../../words';
import { type Credential, type Discovery, type Found, isNew, toFleet, toFormErrors } from './found';

const LIMIT_MS = 120_000;

async function add(body: ReturnType<typeof toFleet>): Promise<number> {
	// JSON is YAML too, and a file may name parents that are only added with it.
	const answer = await fetch(new URL('api/fleet?format=yaml', base()), {
		method: 'PUT',
		body: JSON.stringify(body),
		signal: AbortSignal.timeout(LIMIT_MS),
	});
	if (!answer.ok) throw await answer.json();
	return (await answer.json()).created.length;
}

interface Props {
	discovery: Discovery;
	credentials: readonly Credential[];
	onAgain: () => void;
	onDone: () => void;
}

export function FoundList({ discovery, credentials, onAgain, onDone }: Props) {
	const { found, outcome, notes, error, network, address_count } = discovery;
	const fresh = found.filter(isNew);
	const [picked, setPicked] = useState<ReadonlySet<string>>(() => new Set(fresh.map((one) => one.address)));
	const [fault, setFault] = useState('');
	const [isBusy, setBusy] = useState(false);
	const pick = (address: string, isPicked: boolean) => {
		const next = new Set(picked);
		if (isPicked) next.add(address);
		else next.delete(address);
		setPicked(next);
	};
	const take = async () => {
		setBusy(true);
		try {
			tell({ text: words.discovery.added(await add(toFleet(found, picked, credentials))) });
			onDone();
		} catch (problem) {
			setFault(Object.values(toFormErrors(problem)).join('; '));
			setBusy(false);
		}
	};
	return (
		<>
			<div role="status">
				<p>
					<b>{words.discovery.result(found.length, address_count, network)}</b>{' '}
					{outcome !== 'done' && outcome !== null && words.discovery.outcomes[outcome]}
				</p>
				{[...notes, ...(error ? [error] : [])].map((note) => (
					<p key={note} className="quiet">
						{note}
					</p>
				))}
			</div>
			{found.length > 0 && (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
				<div className="found-list" tabIndex={0}>
					{fresh.length > 1 && (
						<Checkbox
							label={words.discovery.all}
							checked={picked.size === fresh.length}
							indeterminate={picked.size > 0 && picked.size < fresh.length}
							onChange={(event) =>
								setPicked(new Set(event.currentTarget.checked ? fresh.map((one) => one.address) : []))
							}
						/>
					)}
					<ul className="fleet-lines">
						{found.map((one) => (
							<Line key={one.address} one={one} isPicked={picked.has(one.address)} onPick={pick} />
						))}
					</ul>
				</div>
			)}
			{fault && (
				<p className="form-error" role="alert">
					{fault}
				</p>
			)}
			<div className="form-buttons">
				<Button variant="default" onClick={onAgain}>
					{words.discovery.again}
				</Button>
				{fresh.length > 0 && (
					<Button disabled={picked.size === 0} loading={isBusy} onClick={take}>
						{words.discovery.add(picked.size)}
					</Button>
				)}
			</div>
		</>
	);
}

interface LineProps {
	one: Found;
	isPicked: boolean;
	onPick: (address: string, isPicked: boolean) => void;
}

function Line({ one, isPicked, onPick }: LineProps) {
	const { address, found_by, vendor, model, proposal, known_device_id, parent_address, error } = one;
	const by = one.credential === null ? found_by : 'snmp';
	const what = [
		proposal.device_type === 'Other' ? '' : proposal.device_type,
		proposal.operating_system,
		vendor,
		model,
	].filter(Boolean);
	return (
		<li className={known_device_id === null ? 'found' : 'found is-gone'}>
			<Checkbox
				label={proposal.host_name === address ? address : `${proposal.host_name} (${address})`}
				description={[
					...new Set(what),
					words.discovery.by[by],
					parent_address && words.discovery.behind(parent_address),
					error,
				]
					.filter(Boolean)
					.join(' · ')}
				checked={isPicked}
				disabled={known_device_id !== null}
				onChange={(event) => onPick(address, event.currentTarget.checked)}
			/>
			{known_device_id !== null && (
				<small>
					<DeviceLink id={known_device_id} name={words.discovery.known} />
				</small>
			)}
		</li>
	);
}
