/** What is missing in the form and what the service objects to, in words of our own. Pure. */
import { words } from '../../words';
import type { Draft } from './draft';
import type { OptionField, Options } from './options';

/** What must be filled in and is not, by field; nothing is sent before. */
export function findMissing(draft: Draft, fields: readonly OptionField[], options: Options): Record<string, string> {
	const found: Record<string, string> = {};
	if (draft.host_name.trim() === '') found.host_name = words.edit.missing.host_name;
	if (draft.ip_address.trim() === '' && addressOf(draft.driver, options) === '')
		found.ip_address = words.edit.missing.ip_address;
	const needed = fields.filter((field) => field.isRequired && options[field.name] === undefined);
	if (needed.length > 0) found.driver_options = needed.map(({ name }) => `${name}: ${words.edit.needed}`).join('; ');
	return found;
}

/** The address that a device has where none is given: that of its page, or this machine's own; else none. */
export function addressOf(driver: string, options: Options): string {
	if (driver === 'host') return '127.0.0.1';
	if (driver !== 'http' || typeof options.url !== 'string' || !URL.canParse(options.url)) return '';
	return new URL(options.url).hostname.replace(/^\[(.*)\]$/, '$1');
}

const PHRASES: readonly [RegExp, (found: RegExpExecArray) => string][] = [
	[/^(?:Field required|String should have at least 1 character)$/, () => words.edit.needed],
	[/^Input should be a valid integer/, () => words.edit.wholeNumber],
	[/^Input should be a valid number/, () => words.edit.number],
	[/^Input should be (greater|less) than or equal to (\S+)$/, ([, way, bound]) => words.edit.bound(way, bound)],
	[/^String should have at (least|most) (\d+) characters?$/, ([, way, bound]) => words.edit.length(way, bound)],
];

/** The words of a library in those of people; others stay as they are. */
export function inOwnWords(detail: string): string {
	for (const [pattern, tell] of PHRASES) {
		const found = pattern.exec(detail);
		if (found) return tell(found);
	}
	return detail;
}
