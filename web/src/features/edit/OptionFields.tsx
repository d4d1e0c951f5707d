/** Fields of a driver's options, drawn from its schema; as JSON what no field fits, or all where there is no schema. */
import { Textarea } from '@mantine/core';
import { useMemo } from 'react';
import type { Driver } from '../../drivers';
import { words } from '../../words';
import { OptionInput, parseAny } from './OptionInput';
import {
	MASK,
	type OptionField,
	type Options,
	type Schema,
	setOption,
	toOptionErrors,
	toOptionFields,
} from './options';

/** So many are shown at once, with all that must be filled in; the others when asked for. */
const SHOWN = 4;

interface Props {
	driver: Driver | undefined;
	/** JSON of an object, or nothing. */
	text: string;
	/** Those of the device as it is, where the driver is still its own. */
	stored: Options;
	error: string | undefined;
	onChange: (text: string) => void;
}

export function OptionFields({ driver, text, stored, error, onChange }: Props) {
	const fields = useMemo(() => toOptionFields((driver?.options_schema ?? {}) as Schema), [driver]);
	const options = parse(text);
	if (driver === undefined || options === null) return <AsText text={text} error={error} onChange={onChange} />;
	const errors = toOptionErrors(error, fields);
	const draw = (field: OptionField) => (
		<OptionInput
			key={`${driver.name} ${field.name}`}
			field={field}
			value={options[field.name]}
			isStored={stored[field.name] === MASK}
			error={errors[field.name]}
			onChange={(value) => {
				const next = setOption(options, field, value);
				onChange(Object.keys(next).length === 0 ? '' : JSON.stringify(next));
			}}
		/>
	);
	const isFirst = (field: OptionField, index: number) => field.isRequired || index < SHOWN;
	const others = fields.filter((field, index) => !isFirst(field, index));
	const areOthersUsed = others.some(({ name }) => name in options || name in errors);
	return (
		<fieldset className="wide options">
			<legend>{words.edit.options(driver.name)}</legend>
			<p className="quiet wide">{driver.description}</p>
			{errors[''] && (
				<p className="form-error wide" role="alert">
					{errors['']}
				</p>
			)}
			{fields.filter(isFirst).map(draw)}
			{others.length > 0 && (
				<details className="wide" open={areOthersUsed || undefined}>
					<summary>{words.edit.moreOptions(others.length)}</summary>
					<div className="options-more">{others.map(draw)}</div>
				</details>
			)}
		</fieldset>
	);
}

function AsText({ text, error, onChange }: Omit<Props, 'driver' | 'stored'>) {
	return (
		<Textarea
			className="wide"
			label={words.fields.driver_options}
			placeholder='{"profile": "realistic"}'
			autosize={false}
			rows={3}
			value={text}
			error={error}
			onChange={(event) => onChange(event.currentTarget.value)}
		/>
	);
}

/** The options in it; null where it is no JSON of an object. */
function parse(text: string): Options | null {
	if (text.trim() === '') return {};
	const value = parseAny(text);
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Options) : null;
}
