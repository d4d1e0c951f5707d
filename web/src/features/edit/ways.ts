/** The ways a device can be read, as somebody who adds one is asked for them. Pure. */
import { words } from '../../words';

export interface Way {
	/** Of the driver. */
	name: string;
	title: string;
	hint: string;
}

/** From what most people add to what nobody adds by chance. */
const ORDER = ['icmp', 'snmp', 'http', 'tcp', 'dns', 'host', 'simulated'];

/** Ways for these drivers; one that the screen does not know yet has its own words and stands before the simulated. */
export function toWays(drivers: readonly { name: string; description: string }[] | undefined): Way[] {
	const known = drivers ?? ORDER.map((name) => ({ name, description: '' }));
	return known
		.map(({ name, description }) => {
			const own = words.edit.ways[name];
			return { name, title: own?.title ?? name, hint: own?.hint ?? description };
		})
		.sort((one, other) => placeOf(one) - placeOf(other));
}

function placeOf({ name }: Way): number {
	const place = ORDER.indexOf(name);
	return place === -1 ? ORDER.length - 1.5 : place;
}
