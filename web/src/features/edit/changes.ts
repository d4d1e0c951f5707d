/** Edits of the inventory, each with its way back. Errors are problems as the service tells them, thrown as they are. */
import { api } from '../../api/client';
import { store } from '../../hooks';
import type { Device } from '../../live/messages';
import { tell } from '../../notices';
import { words } from '../../words';
import { changedFields, type Fields, fieldsOf } from './draft';

/** The document has bodies as any object: it hands them on as they are. */
const asBody = (fields: Partial<Fields>) => fields as never;
const at = (id: number) => ({ params: { path: { device_id: id } } });

export async function addDevice(fields: Fields): Promise<number> {
	const id = await post(fields);
	tell({ text: words.edit.added(fields.host_name), undo: () => remove(id) });
	return id;
}

export async function changeDevice(device: Device, fields: Fields): Promise<void> {
	const changed = changedFields(fieldsOf(device), fields);
	if (Object.keys(changed).length === 0) return;
	await patch(device.id, changed);
	const before = fieldsOf(device);
	const back = Object.fromEntries(Object.keys(changed).map((name) => [name, before[name as keyof Fields]]));
	tell({ text: words.edit.saved(fields.host_name), undo: () => patch(device.id, back) });
}

/** Put back, it has another number and no past; whoever was behind it is so again. */
export async function removeDevice(device: Device): Promise<void> {
	const behind = [...(store.get().panel?.devices.values() ?? [])].filter((one) => one.parent_id === device.id);
	await remove(device.id);
	const undo = async () => {
		const id = await post(fieldsOf(device));
		for (const one of behind) await patch(one.id, { parent_id: id });
	};
	tell({ text: words.edit.removed(device.host_name), undo });
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
