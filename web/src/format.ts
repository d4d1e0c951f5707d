/** Numbers and moments as people read them, in the viewer's zone and language. */

/** Mbit/s without the unit: three digits or so. */
export function speed(mbit: number | null | undefined): string {
	if (mbit === null || mbit === undefined) return '–';
	const digits = mbit >= 100 ? 0 : mbit >= 10 ? 1 : 2;
	return mbit.toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A line's Mbit/s with a unit: 1 Gbit/s. */
export function lineSpeed(mbit: number | null): string {
	if (mbit === null) return '–';
	const isLarge = mbit >= 1000;
	const value = isLarge ? mbit / 1000 : mbit;
	return `${value.toLocaleString(undefined, { maximumFractionDigits: 1 })} ${isLarge ? 'Gbit/s' : 'Mbit/s'}`;
}

/** A rate of packets: so small that it is easily rounded away, and shall not be. */
export function perSecond(rate: number | null): string {
	if (rate === null) return '–';
	if (rate > 0 && rate < 0.01) return '< 0.01';
	return rate.toLocaleString(undefined, { maximumFractionDigits: rate < 10 ? 2 : 0 });
}

export function milliseconds(seconds: number | null | undefined): string {
	if (seconds === null || seconds === undefined) return '–';
	const ms = seconds * 1000;
	return `${ms.toLocaleString(undefined, { maximumFractionDigits: ms < 10 ? 2 : 0 })} ms`;
}

/** Milliseconds without the unit, three digits or so. */
export function latency(ms: number | null | undefined): string {
	if (ms === null || ms === undefined) return '–';
	return ms.toLocaleString(undefined, { maximumFractionDigits: ms < 10 ? 2 : ms < 100 ? 1 : 0 });
}

const STEP_UNITS: Record<string, Intl.NumberFormatOptions['unit']> = { d: 'day', w: 'week', mo: 'month' };

/** The length of a step as people say it: 5 min, 2 days, 1 month. */
export function stepLength({ step, step_seconds }: { step: string; step_seconds: number | null }): string {
	if (step_seconds !== null) return duration(step_seconds);
	const [, count = '1', name = ''] = /^(\d+)(\w+)$/.exec(step) ?? [];
	const unit = STEP_UNITS[name];
	if (unit === undefined) return step;
	return Number(count).toLocaleString(undefined, { style: 'unit', unit, unitDisplay: 'long' });
}

/** The two largest units: 2 d 3 h, 4 min, 12 s. */
export function duration(seconds: number): string {
	const whole = Math.max(0, Math.round(seconds));
	if (whole < 60) return `${whole} s`;
	const units: [string, number][] = [
		['d', 86_400],
		['h', 3600],
		['min', 60],
	];
	const parts: string[] = [];
	let rest = whole;
	for (const [name, length] of units) {
		const count = Math.floor(rest / length);
		rest -= count * length;
		if (count > 0) parts.push(`${count} ${name}`);
		else if (parts.length > 0) break;
	}
	return parts.slice(0, 2).join(' ');
}

/** 99.95 %: more digits the nearer it comes to all, and never 100 % where something is missing. */
export function ratio(value: number | null): string {
	if (value === null) return '–';
	const percent = value * 100;
	const digits = percent === 100 ? 0 : percent > 99 ? 3 : 1;
	const rounded = Math.floor(percent * 10 ** digits) / 10 ** digits;
	return `${rounded.toLocaleString(undefined, { maximumFractionDigits: digits })} %`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const YEAR = new Intl.DateTimeFormat(undefined, { month: 'short', year: 'numeric' });
const DATED = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long', hourCycle: 'h23' });

export const clock = (seconds: number) => CLOCK.format(seconds * 1000);
export const day = (seconds: number) => DAY.format(seconds * 1000);
export const month = (seconds: number) => YEAR.format(seconds * 1000);
export const exact = (moment: string | number) => EXACT.format(new Date(moment));

/** Day and time; with the year where it is not this one. */
export function moment(seconds: number): string {
	const isThisYear = new Date(seconds * 1000).getFullYear() === new Date().getFullYear();
	return `${isThisYear ? day(seconds) : DATED.format(seconds * 1000)}, ${clock(seconds)}`;
}

export const toSeconds = (timeStamp: string) => Date.parse(timeStamp) / 1000;
