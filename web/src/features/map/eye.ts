/** Where one looks at the map from: the middle of what is seen, and how near. Pure. */
export interface Point {
	x: number;
	y: number;
}

export interface Eye extends Point {
	zoom: number;
}

export const WHOLE: Eye = { x: 0, y: 0, zoom: 1 };
/** Of the map's own units, at least so many are seen: a spot and its neighbours with their names. */
const LEAST_SEEN = 220;

/** Nearer (or farther) by a factor, on a map of such a reach; the given point stays where it is on the screen. */
export function zoomAt(eye: Eye, factor: number, point: Point, reach: number): Eye {
	const nearest = Math.max(1, (2 * reach) / LEAST_SEEN);
	const zoom = Math.min(nearest, Math.max(1, eye.zoom * factor));
	const kept = eye.zoom / zoom;
	return { zoom, x: point.x - (point.x - eye.x) * kept, y: point.y - (point.y - eye.y) * kept };
}

/** Moved, but never so far that nothing is seen any more. */
export function moveBy(eye: Eye, { x, y }: Point, reach: number): Eye {
	const within = (value: number) => Math.min(reach, Math.max(-reach, value));
	return { ...eye, x: within(eye.x + x), y: within(eye.y + y) };
}

/** The point in the middle, at least as near as asked. */
export const lookAt = (eye: Eye, { x, y }: Point, zoom: number): Eye => ({ x, y, zoom: Math.max(eye.zoom, zoom) });

/** Whether the point is seen with some room around it; `size` is the side of the square that surely is. */
export const isSeen = (eye: Eye, { x, y }: Point, size: number): boolean =>
	Math.max(Math.abs(x - eye.x), Math.abs(y - eye.y)) < size * 0.46;
