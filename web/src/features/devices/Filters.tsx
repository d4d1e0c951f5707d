/** Search and filters over the table; what they say stands in the address. */
import { Button, SegmentedControl, Select } from '@mantine/core';
import type { KeyboardEvent, ReactNode } from 'react';
import { go, useView } from '../../address';
import { SearchField } from '../../components/SearchField';
import type { State } from '../../live/messages';
import { words } from '../../words';

const ALL = 'all';

interface Props {
	types: string[];
	tags: string[];
	shown: number;
	all: number;
	actions: ReactNode;
	onSearchKey: (event: KeyboardEvent<HTMLInputElement>) => void;
}

export function Filters(props: Props) {
	const { search, state, type, tag } = useView();
	const isFiltered = search !== '' || state !== null || type !== null || tag !== null;
	return (
		<search className="filters">
			<SearchField onKeyDown={props.onSearchKey} />
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
