/** Discs side by side without overlap: how a crowd of devices gets its places. Pure. */
export interface Disc {
	radius: number;
	x: number;
	y: number;
}

/** Turning by it, no two of very many stand in a line. */
const GOLDEN = Math.PI * (3 - Math.sqrt(5));
/** Sunflower seeds this far apart, in parts of their radius, do not touch. */
const SEED = 1.95;
/** So many are looked at one by one; of more, each gets as much room as the largest. */
const MOST_LOOKED_AT = 400;

/** Discs of one size around a middle that stays free up to `inner`; gives how far out they reach. */
export function placeSeeds(discs: readonly Disc[], radius: number, inner: number): number {
	const first = (inner / (SEED * radius)) ** 2;
	let reach = inner;
	for (const [index, disc] of discs.entries()) {
		const distance = SEED * radius * Math.sqrt(first + index + 0.5);
		disc.x = distance * Math.cos(index * GOLDEN);
		disc.y = distance * Math.sin(index * GOLDEN);
		reach = Math.max(reach, distance + radius);
	}
	return reach;
}

/** Discs of any size, the largest first, each as near to the middle as there is room beyond `inner`; gives the reach. */
export function placeDiscs(discs: readonly Disc[], inner: number): number {
	const largest = discs[0]?.radius ?? 0;
	if (discs.length > MOST_LOOKED_AT) return placeSeeds(discs, largest, inner + largest);
	let reach = inner;
	for (const [index, disc] of discs.entries()) {
		const isFree = () => discs.slice(0, index).every((other) => areApart(disc, other));
		let distance = inner + disc.radius;
		for (let turn = 0; ; turn += 1) {
			const angle = turn * 0.35 - Math.PI / 2;
			disc.x = distance * Math.cos(angle);
			disc.y = distance * Math.sin(angle);
			if (isFree()) break;
			distance += disc.radius * 0.02;
		}
		reach = Math.max(reach, Math.hypot(disc.x, disc.y) + disc.radius);
	}
	return reach;
}

const areApart = (one: Disc, other: Disc) =>
	(one.x - other.x) ** 2 + (one.y - other.y) ** 2 >= (one.radius + other.radius) ** 2;
