/** Where each device stands on the map: whoever has nothing before it in the middle, the others in rings behind. Pure. */
import type { Device } from '../../live/messages';

export interface Place {
	device: Device;
	x: number;
	y: number;
	/** In radians, from the middle outward. */
	angle: number;
	depth: number;
	/** Where the device before it stands; null for one in the middle. */
	from: { x: number; y: number } | null;
	/** A device before it is down: nobody knows what is behind. */
	isCutOff: boolean;
	isLeaf: boolean;
}

export interface Layout {
	places: readonly Place[];
	/** Half the width of a square that holds all. */
	reach: number;
}

const LEAST_RING_PIXELS = 120;
/** Room for a name; where there are very many, for a spot alone, and neighbours stand in three rows. */
const LEAF_PIXELS = 16;
const CROWDED_LEAF_PIXELS = 6;
const CROWDED = 90;
const ROW_PIXELS = 22;

type Groups = ReadonlyMap<number | null, readonly Device[]>;

export function layOut(devices: ReadonlyMap<number, Device>): Layout {
	const behind = groupByParent(devices);
	const weights = new Map<number, number>();
	const weightOf = (device: Device) => weights.get(device.id) ?? 1;
	for (const root of behind.get(null) ?? []) weigh(root, behind, weights);
	const roots = [...(behind.get(null) ?? [])].sort((one, other) => weightOf(other) - weightOf(one));
	const middle = roots[0];
	if (middle === undefined) return { places: [], reach: LEAST_RING_PIXELS };
	const places: Place[] = [];
	// The largest tree has the middle; roots beside it stand in its first ring, with no line to it.
	const first = [...(behind.get(middle.id) ?? []), ...roots.slice(1)];
	const begin = {
		device: middle,
		x: 0,
		y: 0,
		angle: 0,
		depth: 0,
		from: null,
		isCutOff: false,
		isLeaf: first.length === 0,
	};
	places.push(begin);
	const radii = toRadii(countByDepth(first, behind));
	const isCrowded = first.reduce((sum, one) => sum + weightOf(one), 0) > CROWDED;
	placeGroup(first, { angle: -Math.PI / 2, span: 2 * Math.PI, parent: begin });
	return { places, reach: (radii.at(-1) ?? 0) + (isCrowded ? 3 * ROW_PIXELS + 60 : 150) };

	function placeGroup(group: readonly Device[], at: { angle: number; span: number; parent: Place }): void {
		const { parent } = at;
		const total = group.reduce((sum, one) => sum + weightOf(one), 0);
		let from = at.angle;
		for (const [index, device] of group.entries()) {
			const span = (at.span * weightOf(device)) / total;
			const angle = from + span / 2;
			const children = behind.get(device.id) ?? [];
			const isLeaf = children.length === 0;
			const row = isCrowded && isLeaf ? (index % 3) * ROW_PIXELS : 0;
			const radius = (radii[parent.depth] ?? 0) + row;
			const isOwnRoot = device.parent_id !== parent.device.id;
			const place: Place = {
				device,
				x: radius * Math.cos(angle),
				y: radius * Math.sin(angle),
				angle,
				depth: parent.depth + 1,
				from: isOwnRoot ? null : { x: parent.x, y: parent.y },
				isCutOff: !isOwnRoot && (parent.isCutOff || parent.device.state === 'down'),
				isLeaf,
			};
			places.push(place);
			placeGroup(children, { angle: from, span, parent: place });
			from += span;
		}
	}
}

/** How many there are in each ring, from the first on. */
function countByDepth(first: readonly Device[], behind: Groups): number[] {
	const counts: number[] = [];
	for (let ring = first; ring.length > 0; ring = ring.flatMap((one) => behind.get(one.id) ?? []))
		counts.push(ring.length);
	return counts;
}

/** Rings as far out as they need room: by the root of how many are in them, so that few are not lost in the middle. */
function toRadii(counts: readonly number[]): number[] {
	const most = Math.max(0, ...counts);
	const room = (most * (most > CROWDED ? CROWDED_LEAF_PIXELS : LEAF_PIXELS)) / (2 * Math.PI);
	const outer = Math.max(room, LEAST_RING_PIXELS * counts.length);
	const whole = counts.reduce((sum, count) => sum + Math.sqrt(count), 0);
	let sum = 0;
	return counts.map((count) => {
		sum += Math.sqrt(count);
		return (outer * sum) / whole;
	});
}

/** Who is behind whom; a parent that is not there (any more) is none. */
function groupByParent(devices: ReadonlyMap<number, Device>): Map<number | null, Device[]> {
	const groups = new Map<number | null, Device[]>();
	for (const device of devices.values()) {
		const parent = device.parent_id !== null && devices.has(device.parent_id) ? device.parent_id : null;
		const group = groups.get(parent);
		if (group) group.push(device);
		else groups.set(parent, [device]);
	}
	return groups;
}

/** How many leaves are behind each; a leaf weighs one. */
function weigh(
	device: Device,
	behind: ReadonlyMap<number | null, readonly Device[]>,
	weights: Map<number, number>,
): number {
	const weight = (behind.get(device.id) ?? []).reduce((sum, child) => sum + weigh(child, behind, weights), 0) || 1;
	weights.set(device.id, weight);
	return weight;
}
