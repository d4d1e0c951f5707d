/** The network over time: of real or of simulated devices, which are never added up. */
import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { api, found } from '../../api/client';
import { HistoryChart } from '../../components/chart/HistoryChart';
import { useHistory } from '../../components/chart/useHistory';
import { useLive } from '../../hooks';
import type { Kind } from '../../live/edge';
import { words } from '../../words';

export function Traffic() {
	const traffic = useLive((live) => live.totals?.traffic ?? null);
	const [wanted, setWanted] = useState<Kind | null>(null);
	const shown = traffic?.find((one) => one.kind === wanted) ?? traffic?.[0];
	// Of one kind alone the past may be older than the two are kept apart.
	const kind = traffic !== null && traffic.length > 1 ? shown?.kind : undefined;
	const asked = useHistory(`summary ${kind ?? ''}`, async (question, signal) =>
		found(await api.GET('/api/summary/history', { params: { query: { ...question, ...(kind && { kind }) } }, signal })),
	);
	const most = traffic === null ? null : (shown?.devices ?? 0);
	return (
		<HistoryChart
			title={kind === undefined ? words.traffic : words.trafficOfKind[kind]}
			history={asked.data}
			error={asked.error}
			most={most}
			choice={kind && <KindChoice kind={kind} onChange={setWanted} />}
		/>
	);
}

function KindChoice({ kind, onChange }: { kind: Kind; onChange: (kind: Kind) => void }) {
	return (
		<SegmentedControl
			size="xs"
			aria-label={words.whoseTraffic}
			data={(['real', 'simulated'] as const).map((one) => ({ value: one, label: words.kinds[one] }))}
			value={kind}
			onChange={(one) => onChange(one as Kind)}
		/>
	);
}
