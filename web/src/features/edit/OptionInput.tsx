/** The input that fits one option of a driver. */
import { Button, NumberInput, PasswordInput, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from '../../words';
import { type Kind, MASK, type OptionField } from './options';

interface Props {
	field: OptionField;
	value: unknown;
	/** A secret of the device is stored, which nobody can see. */
	isStored: boolean;
	error: string | undefined;
	onChange: (value: unknown) => void;
}

export function OptionInput(props: Props) {
	return INPUTS[props.field.kind](props);
}

/** What every input is told of its option. */
function shared({ field, error }: Props) {
	const { label, description, usual, example, isRequired } = field;
	const hint = usual !== null && typeof usual !== 'object' ? String(usual) : example;
	return { label, description, error, withAsterisk: isRequired, placeholder: hint };
}

const toText = (value: unknown) => (typeof value === 'string' ? value : '');

const INPUTS: Record<Kind, (props: Props) => ReactNode> = {
	text: (props) => (
		<TextInput
			{...shared(props)}
			value={toText(props.value)}
			onChange={(event) => props.onChange(event.currentTarget.value)}
		/>
	),
	secret: (props) => <SecretInput {...props} />,
	number: (props) => (
		<NumberInput
			{...shared(props)}
			value={typeof props.value === 'number' ? props.value : ''}
			allowDecimal={!props.field.isWhole}
			// What is out of bounds is told by the service, not changed under the hand.
			clampBehavior="none"
			onChange={props.onChange}
		/>
	),
	boolean: ({ field, value, error, onChange }) => (
		<Switch
			label={field.label}
			description={field.description}
			error={error}
			checked={(value ?? field.usual) === true}
			onChange={(event) => onChange(event.currentTarget.checked)}
		/>
	),
	choice: (props) => (
		<Select
			{...shared(props)}
			data={props.field.choices}
			value={toText(props.value) || null}
			onChange={props.onChange}
			clearable={!props.field.isRequired}
		/>
	),
	list: (props) => (
		<TagsInput
			{...shared(props)}
			placeholder={Array.isArray(props.field.usual) && props.value === undefined ? props.field.usual.join(', ') : ''}
			value={Array.isArray(props.value) ? props.value.map(String) : []}
			onChange={props.onChange}
		/>
	),
	json: (props) => <JsonInput {...props} />,
};

/** A secret that is stored stays as long as nothing is typed in its place, or it is cleared. */
function SecretInput(props: Props) {
	const { field, value, isStored, onChange } = props;
	const isCleared = isStored && value === null;
	const isKept = isStored && (value === undefined || value === MASK);
	const hint = isCleared
		? { placeholder: words.edit.secretCleared }
		: isKept && { placeholder: words.edit.secretStored };
	return (
		<div className="secret">
			<PasswordInput
				{...shared(props)}
				{...hint}
				autoComplete="new-password"
				value={isKept ? '' : toText(value)}
				onChange={(event) => onChange(event.currentTarget.value || (isStored ? MASK : undefined))}
			/>
			{isStored && (
				<Button size="compact-xs" variant="subtle" onClick={() => onChange(isKept ? null : MASK)}>
					{isKept ? words.edit.clearSecret(field.label) : words.edit.keepSecret(field.label)}
				</Button>
			)}
		</div>
	);
}

/** What is typed counts as soon as it is JSON; until then it counts as text, which the service objects to. */
function JsonInput(props: Props) {
	const { value, error, onChange } = props;
	const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value));
	const isJson = text === '' || parseAny(text) !== undefined;
	return (
		<Textarea
			{...shared(props)}
			autosize={false}
			rows={2}
			value={text}
			error={error ?? (!isJson && words.edit.noJson)}
			onChange={(event) => {
				const typed = event.currentTarget.value;
				setText(typed);
				onChange(parseAny(typed) ?? typed);
			}}
		/>
	);
}

/** What the JSON says; undefined where it is none. */
export function parseAny(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
