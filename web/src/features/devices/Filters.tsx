/** Search and filters over the table; what they say stands in the address. */
import { Button, SegmentedControl, Select, TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { go, useView } from '../../address';
import type { State } from '../../live/messages';
import { words } from '../../words';

const ALL = 'all';

export function Filters(props: { types: string[]; tags: string[]; shown: number; all: number; actions: ReactNode }) {
	const { search, state, type, tag } = useView();
	const field = useRef<HTMLInputElement>(null);
	useEffect(() => {
		const focus = (event: KeyboardEvent) => {
			const isTyping = (event.target as Element).closest?.('input, textarea, select');
			if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return;
			event.preventDefault();
			field.current?.focus();
		};
		addEventListener('keydown', focus);
		return () => removeEventListener('keydown', focus);
	}, []);
	const isFiltered = search !== '' || state !== null || type !== null || tag !== null;
	return (
		<search className="filters">
			<TextInput
				ref={field}
				className="filter-search"
				type="search"
				aria-label={words.search}
				placeholder={words.search}
				aria-keyshortcuts="/"
				value={search}
				onChange={(event) => go({ search: event.currentTarget.value }, { replace: true })}
				onKeyDown={(event) => event.key === 'Escape' && go({ search: '' }, { replace: true })}
			/>
			<SegmentedControl
				size="sm"
				aria-label={words.columns.state}
				data={[
					{ value: ALL, label: words.all },
					...(['up', 'down', 'unknown'] as const).map((value) => ({ value, label: words.state[value] })),
				]}
				value={state ?? ALL}
				onChange={(value) => go({ state: value === ALL ? null : (value as State) }, { replace: true })}
			/>
			<Choice
				name={words.type}
				nothing={words.anyType}
				values={props.types}
				value={type}
				onChange={(one) => go({ type: one }, { replace: true })}
			/>
			<Choice
				name={words.tag}
				nothing={words.anyTag}
				values={props.tags}
				value={tag}
				onChange={(one) => go({ tag: one }, { replace: true })}
			/>
			<span className="filter-count quiet" role="status">
				{words.shown(props.shown, props.all)}
			</span>
			{isFiltered && (
				<Button
					variant="subtle"
					size="compact-sm"
					onClick={() => go({ search: '', state: null, type: null, tag: null })}
				>
					{words.clear}
				</Button>
			)}
			{props.actions}
		</search>
	);
}

function Choice(props: {
	name: string;
	nothing: string;
	values: string[];
	value: string | null;
	onChange: (value: string | null) => void;
}) {
	const { value, values } = props;
	return (
		<Select
			className="filter-choice"
			aria-label={props.name}
			placeholder={props.nothing}
			data={value && !values.includes(value) ? [...values, value] : values}
			value={value}
			onChange={props.onChange}
			clearable
			searchable
		/>
	);
}
