/** The form of one device, new, copied or edited; what is missing or objected to stands at its field. */
import { Button, Modal, Select } from '@mantine/core';
import { type SyntheticEvent, useEffect, useMemo, useRef, useState } from 'react';
import { go } from '../../address';
import { Facts } from '../../components/Facts';
import type { Driver } from '../../drivers';
import { useDrivers } from '../../hooks';
import type { Device } from '../../live/messages';
import { words } from '../../words';
import { addDevice, Clash, changeDevice } from './changes';
import { type Draft, toDraft, toFieldErrors, toFields } from './draft';
import { FoldedFields, FurtherFields, MainFields } from './fields';
import { findMissing } from './missing';
import { OptionFields } from './OptionFields';
import { type Schema, toOptionFields } from './options';
import { WayCards } from './WayCards';
import { toWays } from './ways';

export type Purpose = 'add' | 'edit' | 'copy';

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
	const form = useRef<HTMLFormElement>(null);
	const drivers = useDrivers();
	const driver = drivers?.find((one) => one.name === draft.driver);
	const ways = useMemo(() => toWays(drivers), [drivers]);
	const set = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
	const shared = { draft, errors, set };
	// Who cannot see the marks is led to the first of them.
	useEffect(() => {
		if (Object.keys(errors).length > 0) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
	}, [errors]);
	const save = async (event: SyntheticEvent) => {
		event.preventDefault();
		setBusy(true);
		try {
			const fields = toFields(draft);
			const missing = findMissing(draft, toOptionFields(schemaOf(driver)), fields.driver_options);
			if (Object.keys(missing).length > 0) throw { errors: [], missing };
			if (purpose === 'edit' && begun) await changeDevice(begun, fields, secretNames(driver));
			else go({ device: await addDevice(fields) });
			onClose();
		} catch (problem) {
			// Told once: who saves again means it.
			if (problem instanceof Clash) setBegun(problem.current);
			setErrors(toErrors(problem));
		}
		setBusy(false);
	};
	const chooseDriver = (name: string) => {
		const before = toDraft(begun);
		set({ driver: name, driver_options: name === before.driver ? before.driver_options : '' });
		setErrors({});
	};
	const chooseWay = (name: string, isByHand: boolean) => {
		chooseDriver(name);
		if (isByHand) requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('.field-name')?.focus());
	};
	return (
		// Locking the scroll would write a style element, which the policy forbids.
		<Modal
			opened
			onClose={onClose}
			title={words.edit.titles[purpose]}
			closeButtonProps={{ 'aria-label': words.close }}
			lockScroll={false}
			size="xl"
			centered
		>
			<form ref={form} onSubmit={save} className="device-form" noValidate>
				{errors[''] && (
					<p className="form-error" role="alert">
						{errors['']}
					</p>
				)}
				{purpose === 'add' && <WayCards ways={ways} chosen={draft.driver} onChoose={chooseWay} />}
				{draft.driver !== '' && (
					<>
						<MainFields {...shared} isFirst={purpose !== 'add'} />
						{purpose !== 'add' && (
							<Select
								label={words.fields.driver}
								data={toChoices(ways, draft.driver)}
								value={draft.driver}
								error={errors.driver}
								allowDeselect={false}
								onChange={(name) => name && chooseDriver(name)}
							/>
						)}
						{purpose !== 'add' && <FurtherFields {...shared} ownId={device?.id} />}
						{purpose === 'edit' && device && canDescribe(drivers, device.driver) && (
							<Facts
								id={device.id}
								offer={{ operating_system: draft.operating_system, device_type: draft.device_type }}
								onTake={set}
							/>
						)}
						<OptionFields
							driver={driver}
							text={draft.driver_options}
							stored={purpose === 'edit' && begun?.driver === draft.driver ? begun.driver_options : {}}
							error={errors.driver_options}
							onChange={(driver_options) => set({ driver_options })}
						/>
						{purpose === 'add' && (
							<FoldedFields errors={errors}>
								<FurtherFields {...shared} ownId={undefined} />
							</FoldedFields>
						)}
					</>
				)}
				<div className="wide form-buttons">
					<Button variant="default" onClick={onClose}>
						{words.cancel}
					</Button>
					<Button type="submit" loading={isBusy} disabled={draft.driver === ''}>
						{purpose === 'add' ? words.edit.add : words.edit.save}
					</Button>
				</div>
			</form>
		</Modal>
	);
}

const schemaOf = (driver: Driver | undefined) => (driver?.options_schema ?? {}) as Schema;

/** Until the drivers are known, any may be able to. */
const canDescribe = (drivers: readonly Driver[] | undefined, name: string) =>
	drivers?.find((one) => one.name === name)?.can_describe ?? drivers === undefined;

function toChoices(ways: ReturnType<typeof toWays>, own: string) {
	const choices = ways.map(({ name, title }) => ({ value: name, label: words.edit.way(title, name) }));
	return choices.some(({ value }) => value === own) ? choices : [...choices, { value: own, label: own }];
}

function secretNames(driver: Driver | undefined): string[] {
	return toOptionFields(schemaOf(driver))
		.filter(({ kind }) => kind === 'secret')
		.map((field) => field.name);
}

function toErrors(problem: unknown): Record<string, string> {
	if (problem instanceof SyntaxError) return { driver_options: words.edit.noJson };
	if (problem instanceof Clash) return problem.errors;
	return (problem as { missing?: Record<string, string> }).missing ?? toFieldErrors(problem);
}
