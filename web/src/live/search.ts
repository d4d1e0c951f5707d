/** What a search finds. Pure. */
import type { Device } from './messages';

/** Whether a device has the text anywhere, in the same words as the server's own search. */
export function isFound(device: Device, search: string): boolean {
	const { host_name, device_type, operating_system, ip_address, mac_address, tags } = device;
	const places = [host_name, device_type, operating_system, ip_address, mac_address, ...tags];
	return places.some((text) => text?.toLowerCase().includes(search));
}

export const toSearch = (text: string): string => text.trim().toLowerCase();
