/** A mark beside the name of a device that is invented, so that none passes for a real one. */
import { isSimulated } from '../drivers';
import { words } from '../words';

export function SimMark({ driver }: { driver: string | undefined }) {
	if (driver === undefined || !isSimulated(driver)) return null;
	return (
		<span className="sim" role="img" aria-label={words.simulated} title={words.simulated}>
			{words.sim}
		</span>
	);
}
