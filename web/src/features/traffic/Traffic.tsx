/** All devices together over time. */
import { api, found } from '../../api/client';
import { HistoryChart } from '../../components/chart/HistoryChart';
import { useHistory } from '../../components/chart/useHistory';
import { useLive } from '../../hooks';
import { words } from '../../words';

export function Traffic() {
	const devices = useLive((live) => live.totals?.devices ?? null);
	const asked = useHistory('summary', async (query, signal) =>
		found(await api.GET('/api/summary/history', { params: { query }, signal })),
	);
	return <HistoryChart title={words.traffic} history={asked.data} error={asked.error} most={devices} />;
}
