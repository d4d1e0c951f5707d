/** What a discovery has found, and what of it is added to the inventory. Pure. */

interface Proposal {
	host_name: string;
	mac_address: string;
	ip_address: string;
	device_type: string;
	operating_system: string;
	driver: string;
	driver_options: Record<string, unknown>;
	parent: string | null;
}

/** As much of a finding as is shown; `credential` is the place of that of the credentials to which it answered. */
export interface Found {
	address: string;
	found_by: 'ping' | 'tcp' | 'snmp' | 'arp';
	vendor: string | null;
	model: string | null;
	credential: number | null;
	parent_address: string | null;
	error: string | null;
	known_device_id: number | null;
	proposal: Proposal;
}

export interface Discovery {
	id: string;
	network: string;
	address_count: number;
	outcome: 'done' | 'cancelled' | 'failed' | 'broken_off' | null;
	/** From 0 to 1. */
	progress: number;
	stage: string;
	found_count: number;
	notes: string[];
	error: string | null;
	found: Found[];
}

export interface Wishes {
	network: string;
	community: string;
	/** UDP; empty for the usual one. */
	port: number | '';
}

export type Credential = Record<string, unknown>;

/** What to try by SNMP: nothing where no community is given. */
export function toCredentials({ community, port }: Wishes): Credential[] {
	return community === '' ? [] : [{ community, ...(port === '' ? {} : { port }) }];
}

/** Which stand in the list to be picked: a device that is known is never changed by this. */
export const isNew = (one: Found): boolean => one.known_device_id === null;

/**
 * The picked ones as a fleet file takes them, with the secrets to which they answered, and with those parents that are
 * there or are picked too.
 */
export function toFleet(found: readonly Found[], picked: ReadonlySet<string>, credentials: readonly Credential[]) {
	const chosen = found.filter((one) => picked.has(one.address));
	const there = new Set([...chosen, ...found.filter((one) => !isNew(one))].map((one) => one.proposal.mac_address));
	return {
		devices: chosen.map(({ credential, proposal: { parent, ...fields } }) => ({
			...fields,
			driver_options: {
				...fields.driver_options,
				...(credential === null ? {} : toWritten(credentials[credential] ?? {})),
			},
			...(parent !== null && there.has(parent) ? { parent } : {}),
		})),
	};
}

/** In a file `${NAME}` is a variable, and `$${NAME}` that text itself. */
function toWritten(credential: Credential): Credential {
	const written = Object.entries(credential).map(([name, value]) => [
		name,
		typeof value === 'string' && /^\$+\{.*\}$/s.test(value) ? `$${value}` : value,
	]);
	return Object.fromEntries(written);
}

/** What the service objects to, by field of the form; what belongs to none under ''. */
export function toFormErrors(problem: unknown): Record<string, string> {
	const { detail, message, errors } = problem as {
		detail?: string;
		message?: string;
		errors?: { location: string; detail: string }[];
	};
	if (!errors?.length) return { '': detail ?? message ?? '' };
	return Object.fromEntries(
		errors.map(({ location, detail }) => {
			const field = ['network', 'community', 'port'].find((name) => location.split(/[.[\]]/).includes(name));
			return field ? [field, detail] : ['', `${location}: ${detail}`];
		}),
	);
}
