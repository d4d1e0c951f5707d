/** The fields that every device has, whatever reads it. */
import { Autocomplete, Select, TagsInput, TextInput, type TextInputProps } from '@mantine/core';
import type { ReactNode } from 'react';
import { store } from '../../hooks';
import { words } from '../../words';
import type { Draft } from './draft';

const TYPES = ['Router', 'Switch', 'Access point', 'Server', 'NAS', 'Desktop PC', 'Laptop', 'Phone', 'Printer'];
const OFFERED_PARENTS = 50;
const FURTHER = ['device_type', 'operating_system', 'mac_address', 'parent_id', 'tags'] as const;

interface Props {
	draft: Draft;
	errors: Record<string, string>;
	set: (part: Partial<Draft>) => void;
}

type TextName = 'host_name' | 'ip_address' | 'operating_system' | 'mac_address';

function Text({ draft, errors, set, name, ...more }: Props & { name: TextName } & Omit<TextInputProps, 'name'>) {
	return (
		<TextInput
			label={words.fields[name]}
			value={draft[name]}
			error={errors[name]}
			onChange={(event) => set({ [name]: event.currentTarget.value })}
			{...more}
		/>
	);
}

/** What a device cannot be without; `isFirst` where no question comes before them. */
export function MainFields({ isFirst, ...shared }: Props & { isFirst: boolean }) {
	const hint = words.edit.addressHint[shared.draft.driver];
	const name = { classNames: { input: 'field-name' }, withAsterisk: true, 'data-autofocus': isFirst || undefined };
	return (
		<>
			<Text {...shared} name="host_name" {...name} />
			<Text {...shared} name="ip_address" withAsterisk={hint === undefined} placeholder={hint ?? '192.168.1.9'} />
		</>
	);
}

export function FurtherFields({ ownId, ...shared }: Props & { ownId: number | undefined }) {
	const { draft, errors, set } = shared;
	return (
		<>
			<Autocomplete
				label={words.fields.device_type}
				data={TYPES}
				value={draft.device_type}
				error={errors.device_type}
				onChange={(device_type) => set({ device_type })}
			/>
			<Text {...shared} name="operating_system" />
			<Text {...shared} name="mac_address" placeholder="00:1B:44:11:3A:B7" description={words.edit.macHint} />
			<Select
				label={words.fields.parent}
				data={offerParents(ownId)}
				limit={OFFERED_PARENTS}
				value={draft.parent_id}
				error={errors.parent_id}
				onChange={(parent_id) => set({ parent_id })}
				searchable
				clearable
			/>
			<TagsInput label={words.fields.tags} value={draft.tags} error={errors.tags} onChange={(tags) => set({ tags })} />
		</>
	);
}

/** Fields that stay out of the way of who adds a device, until they are wanted or something is wrong with them. */
export function FoldedFields({ errors, children }: { errors: Record<string, string>; children: ReactNode }) {
	const isWrong = FURTHER.some((name) => errors[name] !== undefined);
	return (
		<details className="wide further" open={isWrong || undefined}>
			<summary>{words.edit.more}</summary>
			<div className="device-form">{children}</div>
		</details>
	);
}

function offerParents(ownId: number | undefined) {
	const devices = [...(store.get().panel?.devices.values() ?? [])];
	return devices
		.filter((one) => one.id !== ownId)
		.map((one) => ({ value: String(one.id), label: `${one.host_name} (${one.ip_address})` }));
}
