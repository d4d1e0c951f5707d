/** Everything at a glance; on a wall without what only a hand can use. */
import { Jobs } from '../features/jobs/Jobs';
import { Busiest, DownNow, Lately, Slowest } from '../features/overview/Lists';
import { Tiles } from '../features/overview/Tiles';
import { Traffic } from '../features/traffic/Traffic';
import { FirstStart } from './FirstStart';

export function Overview({ isKiosk, asOf }: { isKiosk: boolean; asOf: string | null }) {
	return (
		<>
			{!isKiosk && <FirstStart />}
			<Tiles asOf={asOf} />
			<Traffic />
			<div className="quarters">
				<DownNow asOf={asOf} />
				<Busiest />
				<Slowest />
				<Lately />
			</div>
			{!isKiosk && <Jobs />}
		</>
	);
}
