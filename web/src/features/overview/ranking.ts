/** Which few of many devices are worth a look; one pass, no sort of all. Pure. */
import type { Device } from '../../live/messages';

/** The `count` devices with the largest value; those without one (null, 0) are left out. */
export function topDevices(
	devices: Iterable<Device>,
	value: (device: Device) => number | null,
	count: number,
): readonly Device[] {
	const found: { device: Device; value: number }[] = [];
	for (const device of devices) {
		const one = value(device);
		if (!one || (found.length === count && one <= (found[count - 1]?.value ?? 0))) continue;
		const place = found.findIndex((other) => other.value < one);
		found.splice(place === -1 ? found.length : place, 0, { device, value: one });
		found.length = Math.min(found.length, count);
	}
	return found.map((one) => one.device);
}

export const trafficOf = (device: Device): number =>
	(device.snap_shot?.upload_speed ?? 0) + (device.snap_shot?.download_speed ?? 0);

export const roundTripOf = (device: Device): number | null => device.snap_shot?.round_trip_seconds ?? null;
