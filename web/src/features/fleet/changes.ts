/** What a file would change in the inventory, or has changed, in words. Pure. */
import { words } from '../../words';

export interface FieldChange {
	field: string;
	before: unknown;
	after: unknown;
}

interface Named {
	host_name: string;
	mac_address: string | null;
}

/** As `PUT /api/fleet` answers; `left_out`: what of the file was left out on purpose; `notes`: how it had to be read. */
export interface Changes {
	created: Named[];
	changed: (Named & { changes: FieldChange[] })[];
	unchanged: number;
	left_out: string[];
	notes: string[];
}

export interface Line {
	kind: 'note' | 'new' | 'changed' | 'left';
	text: string;
	details: string[];
}

const SHOWN = 200;

/** The format that a file's name tells; null where it tells none. */
export function formatOf(name: string): 'yaml' | 'csv' | null {
	if (/\.ya?ml$/i.test(name)) return 'yaml';
	return /\.csv$/i.test(name) ? 'csv' : null;
}

export const countOf = ({ created, changed }: Changes): number => created.length + changed.length;

/** Notes on the file, a line for each device, those that are added first, what was left out, and how many are not shown. */
export function toLines({ created, changed, left_out, notes }: Changes): { shown: Line[]; more: number } {
	const lines: Line[] = [
		...notes.map((text): Line => ({ kind: 'note', text, details: [] })),
		...created.map((one): Line => ({ kind: 'new', text: nameOf(one), details: [] })),
		...changed.map((one): Line => ({ kind: 'changed', text: nameOf(one), details: one.changes.map(tellChange) })),
		...left_out.map((text): Line => ({ kind: 'left', text, details: [] })),
	];
	return { shown: lines.slice(0, SHOWN), more: Math.max(0, lines.length - SHOWN) };
}

const nameOf = ({ host_name, mac_address }: Named) => (mac_address ? `${host_name} (${mac_address})` : host_name);

function tellChange({ field, before, after }: FieldChange): string {
	const [from, to] = [tellValue(before), tellValue(after)];
	// Only a secret is changed to what looks the same.
	return `${field}: ${from === to ? words.fleet.otherSecret : `${from} → ${to}`}`;
}

function tellValue(value: unknown): string {
	if (value === null || value === '') return words.fleet.nothing;
	return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What the service objects to, each with its line of the file where it has one. */
export function toFaults(problem: unknown): string[] {
	const { detail, message, errors } = problem as {
		detail?: string;
		message?: string;
		errors?: { location: string; detail: string }[];
	};
	if (!errors?.length) return [detail ?? message ?? words.fleet.failed];
	return errors.slice(0, SHOWN).map(({ location, detail }) => {
		const line = /^file:(\d+)$/.exec(location)?.[1];
		return `${line === undefined ? location : words.fleet.line(line)}: ${detail}`;
	});
}
