/** A device while it is edited: as text in fields, and back as what the API takes. Pure. */
import type { Device } from '../../live/messages';
import { addressOf, inOwnWords } from './missing';
import { MASK, type Options, withoutMasks } from './options';

export interface Draft {
	host_name: string;
	device_type: string;
	operating_system: string;
	ip_address: string;
	mac_address: string;
	driver: string;
	driver_options: string;
	tags: string[];
	parent_id: string | null;
}

export type Fields = Omit<Device, 'id' | 'state' | 'snap_shot' | 'interfaces' | 'mac_address'> & {
	/** Null where none is known. */
	mac_address: string | null;
};
export type FieldName = keyof Fields;

const NEW: Draft = {
	host_name: '',
	device_type: '',
	operating_system: '',
	ip_address: '',
	mac_address: '',
	// Nothing is chosen for who adds a device: a ping that was meant must not become an invented device.
	driver: '',
	driver_options: '',
	tags: [],
	parent_id: null,
};

/** What the form begins with; a copy of a device needs an address of its own. */
export function toDraft(device: Device | null, { isCopy = false } = {}): Draft {
	if (device === null) return NEW;
	const options = isCopy ? withoutMasks(device.driver_options) : device.driver_options;
	return {
		host_name: isCopy ? `${device.host_name}-copy` : device.host_name,
		device_type: device.device_type,
		operating_system: device.operating_system,
		ip_address: device.ip_address,
		mac_address: isCopy ? '' : (device.mac_address ?? ''),
		driver: device.driver,
		driver_options: Object.keys(options).length > 0 ? JSON.stringify(options, null, 2) : '',
		tags: device.tags,
		parent_id: device.parent_id === null ? null : String(device.parent_id),
	};
}

/** What to send; throws SyntaxError where the options are no JSON. */
export function toFields(draft: Draft): Fields {
	const options: Options = draft.driver_options.trim() ? JSON.parse(draft.driver_options) : {};
	return {
		...draft,
		device_type: draft.device_type.trim() || 'Other',
		ip_address: draft.ip_address.trim() || addressOf(draft.driver, options),
		mac_address: draft.mac_address.trim() || null,
		driver_options: options,
		parent_id: draft.parent_id === null ? null : Number(draft.parent_id),
	};
}

/** All that can be edited of a device, so that it can be put back. */
export function fieldsOf({ id: _, state: __, snap_shot: ___, interfaces: ____, ...fields }: Device): Fields {
	return fields;
}

/** Only what is another than before, so that what somebody else changed meanwhile stays. */
export function changedFields(before: Fields, after: Fields): Partial<Fields> {
	const names = Object.keys(after) as (keyof Fields)[];
	const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
	return Object.fromEntries(changed.map((name) => [name, after[name]]));
}

/** Whether a change takes or replaces a secret, which nothing can bring back; `secrets` are options that may be some. */
export function losesSecret(before: Fields, changed: Partial<Fields>, secrets: readonly string[]): boolean {
	const stored = Object.keys(before.driver_options).filter((name) => before.driver_options[name] === MASK);
	if (changed.driver !== undefined) return stored.length > 0;
	const after = changed.driver_options ?? {};
	return [...stored, ...secrets].some((name) => after[name] !== undefined && after[name] !== MASK);
}

/** What somebody else changed since this edit began, and what of it this edit would change to something else. */
export function findClash(
	begun: Fields,
	draft: Fields,
	current: Fields,
): { elsewhere: FieldName[]; clashing: FieldName[] } {
	const elsewhere = Object.keys(changedFields(begun, current)) as FieldName[];
	const mine = changedFields(begun, draft);
	const clashing = elsewhere.filter(
		(name) => name in mine && JSON.stringify(mine[name]) !== JSON.stringify(current[name]),
	);
	return { elsewhere, clashing };
}

/** Errors of the service by field, what belongs nowhere under `''`; of `driver_options.port` is told which option it is. */
export function toFieldErrors(problem: unknown): Record<string, string> {
	const { detail = 'failed', errors = [] } = problem as {
		detail?: string;
		errors?: { location: string; detail: string }[];
	};
	if (errors.length === 0) return { '': detail };
	const found: Record<string, string> = {};
	for (const { location, detail } of errors) {
		const field = location.split(/[.[]/)[0] ?? '';
		const option = field === 'driver_options' ? location.slice(field.length + 1) : '';
		const place = field in NEW ? field : '';
		const own = inOwnWords(detail);
		const text = place === '' ? `${location}: ${own}` : option ? `${option}: ${own}` : own;
		found[place] = found[place] === undefined ? text : `${found[place]}; ${text}`;
	}
	return found;
}
