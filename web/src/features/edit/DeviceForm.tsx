/** The form of one device, new, copied or edited; what the service objects to stands at its field. */
import { Autocomplete, Button, Modal, Select, TagsInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';
import { go } from '../../address';
import { api, found } from '../../api/client';
import { Facts } from '../../components/Facts';
import { store } from '../../hooks';
import type { Device } from '../../live/messages';
import { words } from '../../words';
import { addDevice, Clash, changeDevice } from './changes';
import { type Draft, toDraft, toFieldErrors, toFields } from './draft';
import { OptionFields } from './OptionFields';
import { type Driver, toOptionFields } from './options';

export type Purpose = 'add' | 'edit' | 'copy';

const TYPES = ['Router', 'Switch', 'Access point', 'Server', 'NAS', 'Desktop PC', 'Laptop', 'Phone', 'Printer'];
const OFFERED_PARENTS = 50;

interface Props {
	purpose: Purpose;
	device: Device | null;
	onClose: () => void;
}

export default function DeviceForm({ purpose, device, onClose }: Props) {
	const [draft, setDraft] = useState<Draft>(() => toDraft(device, { isCopy: purpose === 'copy' }));
	const [errors, setErrors] = useState<Record<string, string>>({});
	// What the edit began with; the device itself may be changed by somebody else meanwhile.
	const [begun, setBegun] = useState(device);
	const [isBusy, setBusy] = useState(false);
	const drivers = useDrivers();
	const set = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
	const save = async (event: SyntheticEvent) => {
		event.preventDefault();
		setBusy(true);
		try {
			const fields = toFields(draft);
			if (purpose === 'edit' && begun) await changeDevice(begun, fields, secretNames(drivers, fields.driver));
			else go({ device: await addDevice(fields) });
			onClose();
		} catch (problem) {
			// Told once: who saves again means it.
			if (problem instanceof Clash) setBegun(problem.current);
			setErrors(toErrors(problem));
		}
		setBusy(false);
	};
	const names = words.fields;
	const text = (name: 'host_name' | 'ip_address' | 'mac_address' | 'operating_system', more: object = {}) => (
		<TextInput
			label={names[name]}
			value={draft[name]}
			error={errors[name]}
			onChange={(event) => set({ [name]: event.currentTarget.value })}
			{...more}
		/>
	);
	return (
		// Locking the scroll would write a style element, which the policy forbids.
		<Modal
			opened
			onClose={onClose}
			title={words.edit.titles[purpose]}
			closeButtonProps={{ 'aria-label': words.close }}
			lockScroll={false}
			size="lg"
			centered
		>
			<form onSubmit={save} className="device-form" noValidate>
				{errors[''] && (
					<p className="form-error" role="alert">
						{errors['']}
					</p>
				)}
				{text('host_name', { 'data-autofocus': true, required: true })}
				<Autocomplete
					label={names.device_type}
					data={TYPES}
					value={draft.device_type}
					error={errors.device_type}
					onChange={(device_type) => set({ device_type })}
				/>
				{text('ip_address', { required: true })}
				{text('mac_address', { required: true, placeholder: '00:1B:44:11:3A:B7' })}
				{text('operating_system')}
				<Select
					label={names.parent}
					data={offerParents(device?.id)}
					limit={OFFERED_PARENTS}
					value={draft.parent_id}
					error={errors.parent_id}
					onChange={(parent_id) => set({ parent_id })}
					searchable
					clearable
				/>
				{purpose === 'edit' && device && (
					<Facts
						id={device.id}
						offer={{ operating_system: draft.operating_system, device_type: draft.device_type }}
						onTake={set}
					/>
				)}
				<Select
					label={names.driver}
					data={[...new Set([...(drivers ?? []).map((one) => one.name), draft.driver])]}
					value={draft.driver}
					error={errors.driver}
					allowDeselect={false}
					onChange={(driver) => {
						const before = toDraft(begun);
						const name = driver ?? before.driver;
						set({ driver: name, driver_options: name === before.driver ? before.driver_options : '' });
					}}
				/>
				<TagsInput label={names.tags} value={draft.tags} error={errors.tags} onChange={(tags) => set({ tags })} />
				<OptionFields
					driver={drivers?.find((one) => one.name === draft.driver)}
					text={draft.driver_options}
					stored={purpose === 'edit' && begun?.driver === draft.driver ? begun.driver_options : {}}
					error={errors.driver_options}
					onChange={(driver_options) => set({ driver_options })}
				/>
				<div className="wide form-buttons">
					<Button variant="default" onClick={onClose}>
						{words.cancel}
					</Button>
					<Button type="submit" loading={isBusy}>
						{words.edit.save}
					</Button>
				</div>
			</form>
		</Modal>
	);
}

/** What drivers there are; undefined until they are known, or where they cannot be asked for. */
function useDrivers(): readonly Driver[] | undefined {
	return useQuery({
		queryKey: ['drivers'],
		staleTime: Number.POSITIVE_INFINITY,
		queryFn: async ({ signal }) => found(await api.GET('/api/drivers', { signal })) as unknown as readonly Driver[],
	}).data;
}

function secretNames(drivers: readonly Driver[] | undefined, name: string): string[] {
	const schema = drivers?.find((one) => one.name === name)?.options_schema ?? {};
	return toOptionFields(schema)
		.filter(({ kind }) => kind === 'secret')
		.map((field) => field.name);
}

function toErrors(problem: unknown): Record<string, string> {
	if (problem instanceof SyntaxError) return { driver_options: words.edit.noJson };
	return problem instanceof Clash ? problem.errors : toFieldErrors(problem);
}

function offerParents(ownId: number | undefined) {
	const devices = [...(store.get().panel?.devices.values() ?? [])];
	return devices
		.filter((one) => one.id !== ownId)
		.map((one) => ({ value: String(one.id), label: `${one.host_name} (${one.ip_address})` }));
}
