/** A reading beside the refreshes, with what no snapshot keeps: loss and jitter of pings, and why a device is down. */
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { api } from '../../api/client';
import { StateSign } from '../../components/signs';
import { milliseconds, ratio } from '../../format';
import type { State } from '../../live/messages';
import { words } from '../../words';

interface Reading {
	state: State;
	round_trip_seconds: number | null;
	loss_ratio: number | null;
	jitter_seconds: number | null;
	error: string | null;
}

async function readNow(id: number): Promise<Reading> {
	const { data, error } = await api.GET('/api/devices/{device_id}/reading', { params: { path: { device_id: id } } });
	if (error) throw error;
	return data as Reading;
}

export function ReadNow({ id }: { id: number }) {
	const asked = useMutation({ mutationFn: () => readNow(id) });
	const problem = asked.error as { detail?: string; message?: string } | null;
	return (
		<div className="facts reading">
			<Button size="compact-sm" variant="light" loading={asked.isPending} onClick={() => asked.mutate()}>
				{words.reading.ask}
			</Button>
			<div role="status">
				{problem && <p className="form-error">{problem.detail ?? problem.message ?? words.facts.failed}</p>}
				{asked.data && (
					<dl className="fields">
						<div>
							<dt>{words.columns.state}</dt>
							<dd>
								<StateSign state={asked.data.state} size={16} />
							</dd>
						</div>
						{tellReading(asked.data).map(([name, value]) => (
							<div key={name}>
								<dt>{name}</dt>
								<dd>{value}</dd>
							</div>
						))}
					</dl>
				)}
			</div>
		</div>
	);
}

/** What is known of it, with its names. */
function tellReading({ round_trip_seconds, loss_ratio, jitter_seconds, error }: Reading): [string, string][] {
	const names = words.reading.names;
	const lines: [string, string | null][] = [
		[names.round_trip, round_trip_seconds === null ? null : milliseconds(round_trip_seconds)],
		[names.jitter, jitter_seconds === null ? null : milliseconds(jitter_seconds)],
		[names.loss, loss_ratio === null ? null : ratio(loss_ratio)],
		[names.error, error],
	];
	return lines.filter((line): line is [string, string] => line[1] !== null);
}
