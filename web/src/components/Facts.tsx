/** What a device says of itself, when it is asked; in a form, what of it could stand in the fields. */
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { api } from '../api/client';
import { duration } from '../format';
import { words } from '../words';

interface DeviceFacts {
	system_name: string | null;
	description: string | null;
	vendor: string | null;
	model: string | null;
	serial: string | null;
	location: string | null;
	contact: string | null;
	uptime_seconds: number | null;
	operating_system: string | null;
	device_type: string | null;
}

/** Fields of the inventory for which a device can propose something. */
export type Offer = Pick<Record<keyof DeviceFacts, string>, 'operating_system' | 'device_type'>;

interface Props {
	id: number;
	/** The fields as they are in a form, and what to do with a proposal; without them the facts are only shown. */
	offer?: Offer;
	onTake?: (part: Partial<Offer>) => void;
}

async function askFacts(id: number): Promise<DeviceFacts> {
	const { data, error } = await api.GET('/api/devices/{device_id}/facts', { params: { path: { device_id: id } } });
	if (error) throw error;
	return data as DeviceFacts;
}

export function Facts({ id, offer, onTake }: Props) {
	const asked = useMutation({ mutationFn: () => askFacts(id) });
	const problem = asked.error as { detail?: string; message?: string } | null;
	const names = words.facts.names;
	const told = (Object.keys(names) as (keyof DeviceFacts)[]).filter((name) => (asked.data?.[name] ?? null) !== null);
	return (
		<div className="facts wide">
			<Button size="compact-sm" variant="light" loading={asked.isPending} onClick={() => asked.mutate()}>
				{words.facts.ask}
			</Button>
			<div role="status">
				{problem && <p className="form-error">{problem.detail ?? problem.message ?? words.facts.failed}</p>}
				{asked.data && told.length === 0 && <p className="quiet">{words.facts.nothing}</p>}
				{asked.data && told.length > 0 && (
					<dl className="fields">
						{told.map((name) => (
							<div key={name}>
								<dt>{names[name]}</dt>
								<dd>
									<Fact name={name} value={asked.data[name]} offer={offer} onTake={onTake} />
								</dd>
							</div>
						))}
					</dl>
				)}
			</div>
		</div>
	);
}

interface FactProps {
	name: keyof DeviceFacts;
	value: string | number | null;
	offer: Offer | undefined;
	onTake: Props['onTake'];
}

function Fact({ name, value, offer, onTake }: FactProps) {
	if (typeof value === 'number') return duration(value);
	const isOffered = name === 'operating_system' || name === 'device_type';
	if (value === null || !isOffered || offer?.[name] === undefined || offer[name] === value) return value;
	return (
		<Button size="compact-sm" variant="default" onClick={() => onTake?.({ [name]: value })}>
			{words.facts.take(value)}
		</Button>
	);
}
