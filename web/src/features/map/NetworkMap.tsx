/** The tree of devices as a living picture: wheel, pinch, drag and keys to look around, a search, a click to a device. */
import { Button } from '@mantine/core';
import { type KeyboardEvent, type MouseEvent, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { go, useView } from '../../address';
import { Card } from '../../components/Card';
import { SearchField } from '../../components/SearchField';
import { StateSign } from '../../components/signs';
import { useLive } from '../../hooks';
import type { Device } from '../../live/messages';
import { isFound, toSearch } from '../../live/search';
import { words } from '../../words';
import { isSeen, lookAt, moveBy, WHOLE, zoomAt } from './eye';
import { useGestures } from './gestures';
import { findCutOff, isLayoutOf, type Layout, layOut } from './layout';
import { Picture } from './Picture';
import { type Step, stepFrom } from './steps';

const NONE: ReadonlyMap<number, Device> = new Map();
/** A name wants about so much of the screen. */
const NAME_PIXELS = 7000;
const LETTER_PIXELS = 13;
/** Of the map's own units, so many are seen of a device that was searched for. */
const READABLE = 320;
const ZOOMS: Record<string, number> = { '+': 1.5, '=': 1.5, '-': 1 / 1.5 };

export default function NetworkMap() {
	const devices = useLive((live) => live.panel?.devices) ?? NONE;
	const layout = useLayout(devices);
	const cutOff = useMemo(() => findCutOff(layout, devices), [layout, devices]);
	const found = useFound(layout, devices);
	const svg = useRef<SVGSVGElement>(null);
	const { width, height } = useSize(svg);
	const [eye, setEye] = useState(WHOLE);
	const [chosen, setHere] = useState<number | null>(null);
	const here = chosen !== null && devices.has(chosen) ? chosen : (layout.places[0]?.id ?? 0);
	const size = (2 * layout.reach) / eye.zoom;
	const scale = size / Math.max(1, Math.min(width, height));

	const nearer = (factor: number, point = { x: eye.x, y: eye.y }) =>
		setEye((before) => zoomAt(before, factor, point, layout.reach));
	useGestures(svg, { onZoom: nearer, onMove: (way) => setEye((before) => moveBy(before, way, layout.reach)) });

	/** The device has the keyboard's place and is in sight; near enough to read it where one asks for it by name. */
	const visit = (id: number, zoom = 1) => {
		const place = layout.places.find((one) => one.id === id);
		if (place === undefined) return;
		setHere(id);
		if (zoom > 1 || !isSeen(eye, place, size)) setEye((before) => lookAt(before, place, zoom));
		requestAnimationFrame(() =>
			svg.current?.querySelector<SVGAElement>(`[data-id="${id}"]`)?.focus({ preventScroll: true }),
		);
	};
	const visitNextFound = () => {
		const ids = layout.places.filter((place) => found?.has(place.id)).map((place) => place.id);
		const next = ids[(ids.indexOf(here) + 1) % Math.max(1, ids.length)];
		if (next !== undefined) visit(next, (2 * layout.reach) / READABLE);
	};
	const onKey = (event: KeyboardEvent) => {
		if (event.ctrlKey || event.metaKey || event.altKey) return;
		const zoom = ZOOMS[event.key];
		if (zoom !== undefined)
			nearer(
				zoom,
				layout.places.find((place) => place.id === here),
			);
		else if (event.key === '0') setEye(WHOLE);
		else if (event.key.startsWith('Arrow')) visit(stepFrom(layout, here, event.key as Step));
		else if (event.key === 'n' && found) visitNextFound();
		else return;
		event.preventDefault();
	};
	const follow = (event: MouseEvent) => {
		const link = (event.target as Element).closest<SVGAElement>('a[data-id]');
		if (link === null || event.metaKey || event.ctrlKey || event.shiftKey) return;
		event.preventDefault();
		go({ device: Number(link.dataset.id) });
	};
	return (
		<Card title={words.map.title} className="map" aside={<Key />}>
			<div className="map-bar">
				<SearchField
					onKeyDown={(event) => {
						if (event.key === 'Enter') visitNextFound();
					}}
				/>
				<span className="quiet" role="status">
					{found && words.map.found(found.size)}
				</span>
				<span className="map-zoom">
					<Button size="sm" variant="default" aria-label={words.map.nearer} onClick={() => nearer(1.5)}>
						+
					</Button>
					<Button size="sm" variant="default" aria-label={words.map.farther} onClick={() => nearer(1 / 1.5)}>
						−
					</Button>
					<Button size="sm" variant="default" onClick={() => setEye(WHOLE)}>
						{words.map.whole}
					</Button>
				</span>
			</div>
			{devices.size === 0 && <p className="quiet">{words.first.empty}</p>}
			{/* biome-ignore lint/a11y: its links take the clicks and keys, which only arrive here. */}
			<svg
				ref={svg}
				role="group"
				className="map-picture"
				aria-label={words.map.keys}
				viewBox={`${eye.x - size / 2} ${eye.y - size / 2} ${size} ${size}`}
				onClick={follow}
				onKeyDown={onKey}
			>
				<g fontSize={LETTER_PIXELS * scale} className={found ? 'is-searching' : undefined}>
					<Picture
						layout={layout}
						devices={devices}
						cutOff={cutOff}
						found={found}
						here={here}
						room={((width * height) / NAME_PIXELS) * eye.zoom ** 2}
					/>
				</g>
			</svg>
		</Card>
	);
}

function Key() {
	return (
		<span className="quiet map-key">
			<StateSign state="up" size={15} />
			<StateSign state="down" size={15} />
			<StateSign state="unknown" size={15} />
			<span>{words.map.cutOff}</span>
		</span>
	);
}

/** The very same layout from tick to tick, until who is behind whom changes. */
function useLayout(devices: ReadonlyMap<number, Device>): Layout {
	const kept = useRef<Layout | null>(null);
	return useMemo(() => {
		if (kept.current === null || !isLayoutOf(kept.current, devices)) kept.current = layOut(devices);
		return kept.current;
	}, [devices]);
}

/** Who fits the search; not asked anew at each tick, for no reading changes it. */
function useFound(layout: Layout, devices: ReadonlyMap<number, Device>): ReadonlySet<number> | null {
	const search = toSearch(useView().search);
	// biome-ignore lint/correctness/useExhaustiveDependencies: names and places are those of the layout.
	return useMemo(
		() =>
			search === '' ? null : new Set([...devices.values()].filter((one) => isFound(one, search)).map((one) => one.id)),
		[search, layout],
	);
}

function useSize(svg: React.RefObject<SVGSVGElement | null>): { width: number; height: number } {
	const [size, setSize] = useState({ width: 800, height: 600 });
	useLayoutEffect(() => {
		const element = svg.current;
		if (element === null) return;
		const watcher = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
		watcher.observe(element);
		return () => watcher.disconnect();
	}, [svg]);
	return size;
}
