/** How much of the chosen range a device was up. */
import { useQuery } from '@tanstack/react-query';
import { useView } from '../../address';
import { api, found } from '../../api/client';
import { Card } from '../../components/Card';
import { useRange } from '../../components/chart/useHistory';
import { duration, ratio } from '../../format';
import { useLive } from '../../hooks';
import { words } from '../../words';

export function Availability({ id }: { id: number }) {
	const { range, stretch } = useView();
	const asking = useRange();
	const tick = useLive((live) => live.panel?.timeStamp);
	const asked = useQuery({
		queryKey: ['availability', id, asking.key, tick],
		enabled: asking.ask !== null,
		queryFn: async ({ signal }) => {
			const { from = '', to } = asking.ask?.() ?? {};
			const query = { device_id: id, from, ...(to === undefined ? {} : { to }) };
			return found(await api.GET('/api/availability', { params: { query }, signal }));
		},
		placeholderData: (before) => before,
	});
	const row = asked.data?.rows[0];
	return (
		<Card title={words.availability} aside={<small className="quiet">{stretch ? '' : words.ranges[range]}</small>}>
			{row && (
				<div className="availability">
					<p className="big">{row.up_ratio === null ? ratio(null) : words.upRatio(ratio(row.up_ratio))}</p>
					<div className="shares" aria-hidden="true">
						{row.up_seconds > 0 && <i className="share-up" style={{ flexGrow: row.up_seconds }} />}
						{row.down_seconds > 0 && <i className="share-down" style={{ flexGrow: row.down_seconds }} />}
						{row.unknown_seconds + row.unobserved_seconds > 0 && (
							<i className="share-unknown" style={{ flexGrow: row.unknown_seconds + row.unobserved_seconds }} />
						)}
					</div>
					{row.up_ratio !== null && (
						<p>
							{words.outages(row.outages ?? 0)}
							{typeof row.mean_seconds_to_repair === 'number' &&
								`, ${words.repair(duration(row.mean_seconds_to_repair))}`}
						</p>
					)}
					{row.unobserved_seconds > 0 && <p className="quiet">{words.unobserved(duration(row.unobserved_seconds))}</p>}
				</div>
			)}
		</Card>
	);
}
