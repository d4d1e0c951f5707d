/** The options of a driver as fields of a form, from the JSON Schema that the service tells of them. Pure. */
import { inOwnWords } from './missing';

export type Kind = 'text' | 'secret' | 'number' | 'boolean' | 'choice' | 'list' | 'json';

export interface OptionField {
	name: string;
	label: string;
	description: string;
	kind: Kind;
	isRequired: boolean;
	/** What the driver takes where nothing is given; null where that is nothing. */
	usual: unknown;
	example: string;
	choices: string[];
	isWhole: boolean;
}

/** As much of JSON Schema as drivers use. */
export interface Schema {
	type?: string;
	description?: string;
	default?: unknown;
	examples?: unknown[];
	enum?: unknown[];
	const?: unknown;
	format?: string;
	writeOnly?: boolean;
	items?: Schema;
	properties?: Record<string, Schema>;
	required?: string[];
	anyOf?: Schema[];
	allOf?: Schema[];
	$ref?: string;
	$defs?: Record<string, Schema>;
}

/** What stands where a secret is stored; sent back it means that one. */
export const MASK = '**********';

export type Options = Record<string, unknown>;

export function toOptionFields(schema: Schema): OptionField[] {
	return Object.entries(schema.properties ?? {}).map(([name, given]) => {
		const one = simplify(given, schema.$defs ?? {});
		return {
			name,
			label: toLabel(name),
			description: one.description ?? '',
			kind: kindOf(one),
			isRequired: schema.required?.includes(name) ?? false,
			usual: one.default ?? null,
			example: String(one.examples?.[0] ?? ''),
			choices: (one.enum ?? []).map(String),
			isWhole: one.type === 'integer',
		};
	});
}

/** Without references, and without the null of what may be left out. */
function simplify(schema: Schema, definitions: Record<string, Schema>): Schema {
	const { anyOf, allOf, $ref, ...own } = schema;
	const others = (anyOf ?? allOf ?? []).filter((one) => one.type !== 'null');
	const name = $ref?.replace('#/$defs/', '');
	const inner = name !== undefined ? definitions[name] : others.length === 1 ? others[0] : undefined;
	if (inner !== undefined) return { ...simplify(inner, definitions), ...own };
	// One of several kinds: whoever fills the form in must know which.
	return others.length > 1 ? { ...own, type: 'any' } : own;
}

function kindOf(schema: Schema): Kind {
	if (schema.writeOnly || schema.format === 'password') return 'secret';
	if (schema.enum?.every((one) => typeof one === 'string')) return 'choice';
	if (schema.type === 'string') return 'text';
	if (schema.type === 'integer' || schema.type === 'number') return 'number';
	if (schema.type === 'boolean') return 'boolean';
	if (schema.type === 'array' && schema.items?.type === 'string') return 'list';
	return 'json';
}

const UNITS = ['seconds', 'bytes', 'days', 'milliseconds'];
const CAPITALS = ['tls', 'url', 'tcp', 'udp', 'dns', 'snmp', 'http', 'oid', 'ip', 'id'];

/** `timeout_seconds` becomes "Timeout (seconds)", `verify_tls` "Verify TLS". */
export function toLabel(name: string): string {
	const parts = name.split('_');
	const unit = parts.length > 1 && UNITS.includes(parts.at(-1) ?? '') ? ` (${parts.pop()})` : '';
	const text = parts.map((part) => (CAPITALS.includes(part) ? part.toUpperCase() : part)).join(' ');
	return `${text.charAt(0).toUpperCase()}${text.slice(1)}${unit}`;
}

/** The options with one of them set; what is empty, or as it is anyway, is left out. A secret that is null is to go. */
export function setOption(options: Options, field: OptionField, value: unknown): Options {
	const { [field.name]: _, ...others } = options;
	const isEmpty =
		value === '' ||
		value === undefined ||
		(value === null && field.kind !== 'secret') ||
		(Array.isArray(value) && value.length === 0);
	if (isEmpty || (value === field.usual && !(field.name in options))) return others;
	return { ...options, [field.name]: value };
}

/** The options without the masks of secrets, which stand for those of one device alone. */
export function withoutMasks(options: Options): Options {
	return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== MASK));
}

/** What the service objects to, by option; what fits to none stays whole, under ''. */
export function toOptionErrors(error: string | undefined, fields: readonly OptionField[]): Record<string, string> {
	if (!error) return {};
	const faults = error.replace(/^.*?does not take this: /, '').replace(/ \(its options: [^)]*\)$/, '');
	const found: Record<string, string> = {};
	for (const fault of faults.split('; ')) {
		const field = fields.find(({ name }) => fault.startsWith(`${name}: `) || fault.startsWith(`${name}.`));
		if (field === undefined) return { '': error };
		found[field.name] = inOwnWords(fault.slice(fault.indexOf(': ') + 2));
	}
	return found;
}
