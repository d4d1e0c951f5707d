/** When a device turned within the chosen range, and why. */
import { useQuery } from '@tanstack/react-query';
import { api, found } from '../../api/client';
import { Card } from '../../components/Card';
import { useRange } from '../../components/chart/useHistory';
import { StateSign } from '../../components/signs';
import { exact, moment, toSeconds } from '../../format';
import { useLive } from '../../hooks';
import { words } from '../../words';

const SHOWN = 12;

export function Changes({ id }: { id: number }) {
	const range = useRange();
	const state = useLive((live) => live.panel?.devices.get(id)?.state);
	const asked = useQuery({
		queryKey: ['changes', id, range.key, state],
		enabled: range.ask !== null,
		queryFn: async ({ signal }) => {
			const { from = '', to } = range.ask?.() ?? {};
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
