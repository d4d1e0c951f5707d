/** Wheel, drag and pinch on the map. React's own wheel events cannot keep the page from scrolling, so these are plain. */
import { type RefObject, useEffect, useRef } from 'react';
import type { Point } from './eye';

export interface Hands {
	/** Points and ways are in the map's own units. */
	onZoom: (factor: number, point: Point) => void;
	onMove: (way: Point) => void;
}

const CLICK_PIXELS = 5;

export function useGestures(svg: RefObject<SVGSVGElement | null>, hands: Hands): void {
	const latest = useRef(hands);
	latest.current = hands;
	useEffect(() => {
		const element = svg.current;
		if (element === null) return;
		const gone = new AbortController();
		follow(element, latest, gone.signal);
		return () => gone.abort();
	}, [svg]);
}

function follow(element: SVGSVGElement, hands: RefObject<Hands>, signal: AbortSignal): void {
	const fingers = new Map<number, Point>();
	let moved = 0;
	const toMap = (point: Point) => {
		const { x, y } = new DOMPoint(point.x, point.y).matrixTransform(element.getScreenCTM()?.inverse());
		return { x, y };
	};
	const middleOf = ([one, other]: Point[]): Point => ({
		x: ((one?.x ?? 0) + (other?.x ?? one?.x ?? 0)) / 2,
		y: ((one?.y ?? 0) + (other?.y ?? one?.y ?? 0)) / 2,
	});
	const widthOf = ([one, other]: Point[]) => (one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 0);

	const down = (event: PointerEvent) => {
		if (event.button !== 0) return;
		if (fingers.size === 0) moved = 0;
		fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
	};
	const move = (event: PointerEvent) => {
		if (!fingers.has(event.pointerId)) return;
		const before = [...fingers.values()];
		fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
		const after = [...fingers.values()];
		const [from, to] = [middleOf(before), middleOf(after)];
		moved += Math.hypot(to.x - from.x, to.y - from.y) + Math.abs(widthOf(after) - widthOf(before));
		if (moved < CLICK_PIXELS) return;
		element.setPointerCapture(event.pointerId);
		const [begin, end] = [toMap(from), toMap(to)];
		if (widthOf(before) > 0) hands.current.onZoom(widthOf(after) / widthOf(before), end);
		hands.current.onMove({ x: begin.x - end.x, y: begin.y - end.y });
	};
	const up = (event: PointerEvent) => fingers.delete(event.pointerId);
	const click = (event: MouseEvent) => {
		// The end of a drag is no click on what happens to lie under it.
		if (moved < CLICK_PIXELS) return;
		event.preventDefault();
		event.stopPropagation();
		moved = 0;
	};
	const wheel = (event: WheelEvent) => {
		event.preventDefault();
		const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 30;
		hands.current.onZoom(1.0016 ** -pixels, toMap({ x: event.clientX, y: event.clientY }));
	};
	element.addEventListener('pointerdown', down, { signal });
	element.addEventListener('pointermove', move, { signal });
	element.addEventListener('pointerup', up, { signal });
	element.addEventListener('pointercancel', up, { signal });
	element.addEventListener('click', click, { capture: true, signal });
	element.addEventListener('dragstart', (event) => event.preventDefault(), { signal });
	element.addEventListener('wheel', wheel, { passive: false, signal });
}
