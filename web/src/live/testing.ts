/** What the tests of the live path share: messages, and a socket that plays a script. */
import type { Device, Message, SnapShot } from './messages';
import type { Socket } from './socket';

export function device(id: number, more: Partial<Device> = {}): Device {
	return {
		id,
		host_name: `pc-${id}`,
		device_type: 'Desktop PC',
		operating_system: 'Linux',
		mac_address: `02:00:00:00:00:0${id}`,
		ip_address: `10.0.0.${id}`,
		driver: 'simulated',
		driver_options: {},
		tags: [],
		parent_id: null,
		state: 'up',
		snap_shot: {
			time_stamp: '2026-11-23T20:00:00Z',
			active_connection: true,
			upload_speed: 1,
			download_speed: 2,
			round_trip_seconds: null,
		},
		...more,
	};
}

export function snapShot(device_id: number, isActive: boolean): SnapShot {
	return { device_id, active_connection: isActive, upload_speed: 0, download_speed: 0, round_trip_seconds: null };
}

export function state(seq: number, devices: Device[], epoch = 'e'): Message {
	return { type: 'state', epoch, seq, time_stamp: '2026-11-23T20:00:00Z', devices };
}

export class ScriptedSocket implements Socket {
	static opened: ScriptedSocket[] = [];
	onopen: (() => void) | null = null;
	onmessage: ((event: { data: string }) => void) | null = null;
	onclose: ((event: { code: number }) => void) | null = null;
	sent: string[] = [];
	isClosed = false;

	constructor(readonly address: string) {
		ScriptedSocket.opened.push(this);
	}

	static get last(): ScriptedSocket {
		return ScriptedSocket.opened.at(-1) as ScriptedSocket;
	}

	say(message: Message): void {
		this.onmessage?.({ data: JSON.stringify(message) });
	}

	end(code: number): void {
		this.onclose?.({ code });
	}

	send(text: string): void {
		this.sent.push(text);
	}

	close(): void {
		this.isClosed = true;
	}
}
