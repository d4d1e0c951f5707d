/** Edits of the inventory, each with its way back. Errors are problems as the service tells them, thrown as they are. */
import { api } from '../../api/client';
import { store } from '../../hooks';
import type { Device } from '../../live/messages';
import { tell } from '../../notices';
import { keep, removeSoon } from '../../removals';
import { words } from '../../words';
import { changedFields, type Fields, fieldsOf, findClash, losesSecret, toFieldErrors } from './draft';

/** The document has bodies as any object: it hands them on as they are. */
const asBody = (fields: Partial<Fields>) => fields as never;
const at = (id: number) => ({ params: { path: { device_id: id } } });

/** Somebody else has changed the same fields to something else since the edit began. */
export class Clash extends Error {
	override name = 'Clash';

	constructor(
		/** At each such field, and above all. */
		readonly errors: Record<string, string>,
		readonly current: Device,
	) {
		super(words.edit.clash);
	}
}

export async function addDevice(fields: Fields): Promise<number> {
	const id = await post(fields);
	tell({ text: words.edit.added(fields.host_name), undo: () => remove(id) });
	return id;
}

/**
 * Change what was edited since `begun`, and nothing else: what somebody else changed meanwhile stays.
 *
 * `secrets` are the names of the driver's secret options. Throws Clash where both changed the same.
 */
export async function changeDevice(begun: Device, fields: Fields, secrets: readonly string[]): Promise<void> {
	const before = fieldsOf(begun);
	refuseClash(begun, fields);
	const changed = changedFields(before, fields);
	if (Object.keys(changed).length === 0) return;
	await patch(begun.id, changed);
	if (losesSecret(before, changed, secrets)) {
		tell({ text: words.edit.savedSecret(fields.host_name) });
		return;
	}
	const back = Object.fromEntries(Object.keys(changed).map((name) => [name, before[name as keyof Fields]]));
	tell({ text: words.edit.saved(fields.host_name), undo: () => patch(begun.id, back) });
}

function refuseClash(begun: Device, fields: Fields): void {
	const current = store.get().panel?.devices.get(begun.id);
	if (current === undefined) throw { detail: words.notThere };
	const now = fieldsOf(current);
	const { clashing } = findClash(fieldsOf(begun), fields, now);
	if (clashing.length === 0) return;
	const tellValue = (value: unknown) =>
		words.edit.changedElsewhere(typeof value === 'string' ? value : JSON.stringify(value));
	throw new Clash(
		{ ...Object.fromEntries(clashing.map((name) => [name, tellValue(now[name])])), '': words.edit.clash },
		current,
	);
}

export function removeDevice({ id, host_name }: Device): void {
	removeSoon(id, (problem) => tell({ text: Object.values(toFieldErrors(problem)).join('; ') }));
	const undo = async () => {
		if (!keep(id)) throw new Error('too late');
	};
	tell({ text: words.edit.removed(host_name), undo });
}

async function post(fields: Fields): Promise<number> {
	const { data, error } = await api.POST('/api/devices', { body: asBody(fields) });
	if (error) throw error;
	return (data as { id: number }).id;
}

async function patch(id: number, fields: Partial<Fields>): Promise<void> {
	const { error } = await api.PATCH('/api/devices/{device_id}', { ...at(id), body: asBody(fields) });
	if (error) throw error;
}

async function remove(id: number): Promise<void> {
	const { error } = await api.DELETE('/api/devices/{device_id}', at(id));
	if (error) throw error;
}
