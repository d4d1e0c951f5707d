/** What the screen knows of drivers before anything was read: which numbers theirs are. Pure. */

const COUNTING = ['snmp', 'host', 'simulated'];
const ASKING = ['icmp', 'tcp', 'http', 'dns'];

/** Counts what a device carries: a chart has a place for traffic before the first rate is known. */
export const countsTraffic = (driver: string): boolean => COUNTING.includes(driver);

/** Asks a device something, and measures how long the answer takes. */
export const timesAnswers = (driver: string): boolean => ASKING.includes(driver);

export const isSimulated = (driver: string): boolean => driver === 'simulated';
