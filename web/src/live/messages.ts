/** The messages of /live, from the generated types; unknown ones are left out by whoever reads them. */
import type { components } from '../api/schema';

type Schemas = components['schemas'];

export type Device = Schemas['ViewedDevice'];
export type SnapShot = Schemas['SnapShot'];
export type LiveInterface = Schemas['LiveInterface'];
export type State = Schemas['State'];
export type StateChange = Schemas['StateChange'];
export type Message =
	| Schemas['Message_state']
	| Schemas['Message_snapshots']
	| Schemas['Message_inventory']
	| Schemas['Message_resumed']
	| Schemas['Message_error'];
export type Control = Schemas['Message_control'];

/** Whether the page may come back after this close code; docs/protocol.md has the list. */
export function mayReconnect(code: number): boolean {
	return code !== 1008 && code !== 4500;
}

export function stateOf(isActive: boolean | null): State {
	if (isActive === null) return 'unknown';
	return isActive ? 'up' : 'down';
}
