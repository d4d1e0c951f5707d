/**
 * Where each device stands on the map. A few: whoever has nothing before it in the middle, the others in rings behind.
 * A crowd: around each device those behind it, close together. Pure.
 */
import { isSimulated } from '../../drivers';
import type { Device } from '../../live/messages';
import { type Disc, placeDiscs, placeSeeds } from './pack';

/** A place has no state: it stays the same object from tick to tick. */
export interface Place {
	id: number;
	name: string;
	isSimulated: boolean;
	x: number;
	y: number;
	/** In radians, from the middle outward; null in a crowd. */
	angle: number | null;
	depth: number;
	/** The place of the device before it; null for one that has none. */
	parent: Place | null;
	isLeaf: boolean;
}

export interface Layout {
	/** Who is behind another comes after it. */
	places: readonly Place[];
	/** Half the width of a square that holds all. */
	reach: number;
}

const LEAST_RING_PIXELS = 120;
/** Room for a name. */
const LEAF_PIXELS = 16;
/** More leaves than have room for their names in a ring. */
const CROWDED = 90;
const SEED_PIXELS = 13;
const MIDDLE_PIXELS = 24;
const MARGIN_PIXELS = 12;

type Groups = ReadonlyMap<number | null, readonly Device[]>;

export function layOut(devices: ReadonlyMap<number, Device>): Layout {
	const behind = groupByParent(devices);
	const weights = new Map<number, number>();
	const weightOf = (device: Device) => weights.get(device.id) ?? 1;
	for (const root of behind.get(null) ?? []) weigh(root, behind, weights);
	const byWeight = (one: Device, other: Device) => weightOf(other) - weightOf(one);
	const roots = [...(behind.get(null) ?? [])].sort(byWeight);
	if (roots.reduce((sum, root) => sum + weightOf(root), 0) > CROWDED) return packAll(roots, behind);
	const middle = roots[0];
	if (middle === undefined) return { places: [], reach: LEAST_RING_PIXELS };
	const places: Place[] = [];
	// The largest tree has the middle; roots beside it stand in its first ring, with no line to it.
	const first = [...(behind.get(middle.id) ?? []), ...roots.slice(1)];
	const begin: Place = {
		id: middle.id,
		name: middle.host_name,
		isSimulated: isSimulated(middle.driver),
		x: 0,
		y: 0,
		angle: 0,
		depth: 0,
		parent: null,
		isLeaf: first.length === 0,
	};
	places.push(begin);
	const radii = toRadii(countByDepth(first, behind));
	placeGroup(first, { angle: -Math.PI / 2, span: 2 * Math.PI, parent: begin });
	return { places, reach: (radii.at(-1) ?? 0) + 150 };

	function placeGroup(group: readonly Device[], at: { angle: number; span: number; parent: Place }): void {
		const { parent } = at;
		const total = group.reduce((sum, one) => sum + weightOf(one), 0);
		let from = at.angle;
		for (const device of group) {
			const span = (at.span * weightOf(device)) / total;
			const angle = from + span / 2;
			const children = behind.get(device.id) ?? [];
			const isLeaf = children.length === 0;
			const radius = radii[parent.depth] ?? 0;
			const place: Place = {
				id: device.id,
				name: device.host_name,
				isSimulated: isSimulated(device.driver),
				x: radius * Math.cos(angle),
				y: radius * Math.sin(angle),
				angle,
				depth: parent.depth + 1,
				parent: device.parent_id === parent.id ? parent : null,
				isLeaf,
			};
			places.push(place);
			placeGroup(children, { angle: from, span, parent: place });
			from += span;
		}
	}
}

interface Tree extends Disc {
	device: Device;
	trees: Tree[];
}

/** Around each device those behind it: leaves close by like the seeds of a sunflower, further trees around these. */
function packAll(roots: readonly Device[], behind: Groups): Layout {
	// The largest tree has the middle, the others stand beside it.
	const trees = roots.map((root) => pack(root, behind)).sort((one, other) => other.radius - one.radius);
	const [middle, ...others] = trees;
	const reach = placeDiscs(others, middle?.radius ?? 0);
	const places: Place[] = [];
	for (const tree of trees) put(tree, { x: 0, y: 0, parent: null, depth: 0 }, places);
	return { places, reach: reach + 3 * MARGIN_PIXELS };
}

function pack(device: Device, behind: Groups): Tree {
	const trees = (behind.get(device.id) ?? []).map((child) => pack(child, behind));
	const leaves = trees.filter((tree) => tree.trees.length === 0);
	const others = trees.filter((tree) => tree.trees.length > 0).sort((one, other) => other.radius - one.radius);
	const near = leaves.length > 0 ? placeSeeds(leaves, SEED_PIXELS, MIDDLE_PIXELS) : MIDDLE_PIXELS;
	const reach = placeDiscs(others, near);
	return { device, trees, x: 0, y: 0, radius: trees.length === 0 ? SEED_PIXELS : reach + MARGIN_PIXELS };
}

function put(tree: Tree, at: Pick<Place, 'x' | 'y' | 'parent' | 'depth'>, places: Place[]): void {
	const { id, host_name, driver } = tree.device;
	const [x, y] = [at.x + tree.x, at.y + tree.y];
	const isLeaf = tree.trees.length === 0;
	const place: Place = {
		id,
		name: host_name,
		isSimulated: isSimulated(driver),
		x,
		y,
		angle: null,
		depth: at.depth,
		parent: at.parent,
		isLeaf,
	};
	places.push(place);
	for (const child of tree.trees) put(child, { x, y, parent: place, depth: at.depth + 1 }, places);
}

/** Whether a layout is still that of these devices: none came, left, was renamed, invented or stands behind another. */
export function isLayoutOf({ places }: Layout, devices: ReadonlyMap<number, Device>): boolean {
	if (places.length !== devices.size) return false;
	return places.every(({ id, name, parent, isSimulated: wasSimulated }) => {
		const device = devices.get(id);
		if (device?.host_name !== name || isSimulated(device.driver) !== wasSimulated) return false;
		const parentId = device.parent_id !== null && devices.has(device.parent_id) ? device.parent_id : null;
		return parentId === (parent?.id ?? null);
	});
}

/** Who is behind a device that is down, however far: nobody knows how they are. */
export function findCutOff({ places }: Layout, devices: ReadonlyMap<number, Device>): ReadonlySet<number> {
	const found = new Set<number>();
	for (const { id, parent } of places) {
		if (parent && (found.has(parent.id) || devices.get(parent.id)?.state === 'down')) found.add(id);
	}
	return found;
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
	const room = (most * LEAF_PIXELS) / (2 * Math.PI);
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
