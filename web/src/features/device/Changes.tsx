/** When a device turned within the chosen range, and why. */
import { useQuery } from '@tanstack/react-query';
import { useView } from '../../address';
import { api, found } from '../../api/client';
import { Card } from '../../components/Card';
import { toQuestion } from '../../components/chart/useHistory';
import { StateSign } from '../../components/signs';
import { exact, moment, toSeconds } from '../../format';
import { useLive } from '../../hooks';
import { words } from '../../words';

const SHOWN = 12;

export function Changes({ id }: { id: number }) {
	const { range, stretch } = useView();
	const state = useLive((live) => live.panel?.devices.get(id)?.state);
	const asked = useQuery({
		queryKey: ['changes', id, stretch ?? range, state],
		queryFn: async ({ signal }) => {
			const { from, to } = toQuestion({ range, stretch }, Date.now());
			const query = { device_id: id, limit: SHOWN, from, ...(to === undefined ? {} : { to }) };
			return found(await api.GET('/api/state-changes', { params: { query }, signal }));
		},
		placeholderData: (before) => before,
	});
	return (
		<Card title={words.changes}>
			{asked.data?.length === 0 && <p className="quiet">{words.noChanges}</p>}
			<ul className="rows">
				{asked.data?.map((change) => (
					<li key={change.at}>
						<span>
							<StateSign state={change.to_state} size={16} />
							{change.reason && <small className="quiet"> {change.reason}</small>}
						</span>
						<time className="quiet" dateTime={change.at} title={exact(change.at)}>
							{moment(toSeconds(change.at))}
						</time>
					</li>
				))}
			</ul>
		</Card>
	);
}
