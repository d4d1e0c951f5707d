/** Drivers: what the service says of them, and which numbers are theirs before anything was read. Pure. */

export interface Driver {
	name: string;
	description: string;
	/** JSON Schema of a device's `driver_options`. */
	options_schema: object;
	/** Whether it can ask a device what it is. */
	can_describe: boolean;
}

const COUNTING = ['snmp', 'host', 'simulated'];
const ASKING = ['icmp', 'tcp', 'http', 'dns'];

/** Counts what a device carries: a chart has a place for traffic before the first rate is known. */
export const countsTraffic = (driver: string): boolean => COUNTING.includes(driver);

/** Asks a device something, and measures how long the answer takes. */
export const timesAnswers = (driver: string): boolean => ASKING.includes(driver);

/**
 * A speed as it is known, in Mbit/s: the 0 of a driver that counts no traffic is none. Older readings have it, and those
 * of a device that is down.
 */
export function knownSpeed(driver: string, mbit: number | null | undefined): number | null {
	return mbit === undefined || (mbit === 0 && !countsTraffic(driver)) ? null : mbit;
}

export const isSimulated = (driver: string): boolean => driver === 'simulated';
