/** The search that stands in the address: `/` leads to it from anywhere on the page, Escape empties it. */
import { TextInput } from '@mantine/core';
import { type KeyboardEvent as ReactKeyboardEvent, useEffect, useRef } from 'react';
import { go, useView } from '../address';
import { words } from '../words';

interface Props {
	onKeyDown?: (event: ReactKeyboardEvent<HTMLInputElement>) => void;
}

export function SearchField({ onKeyDown }: Props) {
	const { search } = useView();
	const field = useRef<HTMLInputElement>(null);
	useEffect(() => {
		const focus = (event: KeyboardEvent) => {
			const isTyping = (event.target as Element).closest?.('input, textarea, select, [role=dialog]');
			if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
			event.preventDefault();
			field.current?.focus();
		};
		addEventListener('keydown', focus);
		return () => removeEventListener('keydown', focus);
	}, []);
	return (
		<TextInput
			ref={field}
			className="filter-search"
			type="search"
			aria-label={words.search}
			placeholder={words.search}
			aria-keyshortcuts="/"
			value={search}
			rightSection={search === '' && <kbd>/</kbd>}
			onChange={(event) => go({ search: event.currentTarget.value }, { replace: true })}
			onKeyDown={(event) => {
				if (event.key === 'Escape') go({ search: '' }, { replace: true });
				onKeyDown?.(event);
			}}
		/>
	);
}
