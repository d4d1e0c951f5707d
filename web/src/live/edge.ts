/** Which devices the network's totals add up: the rule of `dashnet/edge.py`, for what comes live. Pure. */
import { countsTraffic, isSimulated } from '../drivers';
import type { Device } from './messages';

export type Kind = 'real' | 'simulated';

export const UPLINK = 'uplink';

export const kindOf = (driver: string): Kind => (isSimulated(driver) ? 'simulated' : 'real');

/** The devices tagged `uplink`; of a kind without any, those with no other above them that counts traffic. */
export function findEdge(devices: ReadonlyMap<number, Device>): ReadonlySet<number> {
	const counting = [...devices.values()].filter((one) => countsTraffic(one.driver));
	const marked = new Set(counting.filter(isUplink).map((one) => kindOf(one.driver)));
	const above = new Map<number, ReadonlySet<Kind>>();
	const isEdge = (one: Device) => {
		const kind = kindOf(one.driver);
		return marked.has(kind) ? isUplink(one) : !kindsAbove(one, devices, above).has(kind);
	};
	return new Set(counting.filter(isEdge).map((one) => one.id));
}

const isUplink = (device: Device) => device.tags.includes(UPLINK);

/** The kinds that count traffic somewhere above; `above` remembers it for all that share the way up. */
function kindsAbove(
	device: Device,
	devices: ReadonlyMap<number, Device>,
	above: Map<number, ReadonlySet<Kind>>,
): ReadonlySet<Kind> {
	const way = new Map<number, Device>();
	let here: Device | undefined = device;
	while (here !== undefined && !above.has(here.id) && !way.has(here.id)) {
		way.set(here.id, here);
		here = here.parent_id === null ? undefined : devices.get(here.parent_id);
	}
	for (const one of [...way.values()].reverse()) {
		const parent = one.parent_id === null ? undefined : devices.get(one.parent_id);
		const kinds = new Set(parent && above.get(parent.id));
		if (parent !== undefined && countsTraffic(parent.driver)) kinds.add(kindOf(parent.driver));
		above.set(one.id, kinds);
	}
	return above.get(device.id) ?? new Set();
}
