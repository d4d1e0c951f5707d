/** The tree of devices as a living picture: wheel or buttons to come nearer, drag to move, a click to a device. */
import { Button } from '@mantine/core';
import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { go, hrefOf } from '../../address';
import { Card } from '../../components/Card';
import { StateSign } from '../../components/signs';
import { useLive } from '../../hooks';
import { words } from '../../words';
import { layOut, type Place } from './layout';

const NAMED = 150;

interface Eye {
	x: number;
	y: number;
	zoom: number;
}

const WHOLE: Eye = { x: 0, y: 0, zoom: 1 };

export default function NetworkMap() {
	const devices = useLive((live) => live.panel?.devices);
	const { places, reach } = useMemo(() => layOut(devices ?? new Map()), [devices]);
	const [eye, setEye] = useState(WHOLE);
	const svg = useRef<SVGSVGElement>(null);
	const size = (2 * reach) / eye.zoom;
	const nearer = (factor: number) =>
		setEye((before) => ({ ...before, zoom: Math.min(40, Math.max(1, before.zoom * factor)) }));
	useWheel(svg, nearer);
	const drag = (event: PointerEvent) => {
		const element = svg.current;
		if (event.buttons !== 1 || element === null) return;
		const scale = size / Math.min(element.clientWidth, element.clientHeight);
		setEye((before) => ({ ...before, x: before.x - event.movementX * scale, y: before.y - event.movementY * scale }));
	};
	const areNamed = places.length / eye.zoom ** 2 < NAMED;
	return (
		<Card
			title={words.map.title}
			className="map"
			aside={
				<span className="map-buttons">
					<span className="quiet map-key">
						<StateSign state="up" size={15} />
						<StateSign state="down" size={15} />
						<StateSign state="unknown" size={15} />
						{words.map.cutOff}
					</span>
					<Button size="compact-sm" variant="default" aria-label={words.map.nearer} onClick={() => nearer(1.5)}>
						+
					</Button>
					<Button size="compact-sm" variant="default" aria-label={words.map.farther} onClick={() => nearer(1 / 1.5)}>
						−
					</Button>
					<Button size="compact-sm" variant="default" onClick={() => setEye(WHOLE)}>
						{words.map.whole}
					</Button>
				</span>
			}
		>
			<svg
				ref={svg}
				className="map-picture"
				aria-label={words.map.title}
				viewBox={`${eye.x - size / 2} ${eye.y - size / 2} ${size} ${size}`}
				onPointerMove={drag}
			>
				{places.map((place) => place.from && <Line key={place.device.id} place={place} />)}
				{places.map((place) => (
					<Spot key={place.device.id} place={place} isNamed={areNamed} scale={size} />
				))}
			</svg>
		</Card>
	);
}

function Line({ place: { x, y, from, device, isCutOff } }: { place: Place }) {
	const middle = { x: (x + (from?.x ?? 0)) / 2, y: (y + (from?.y ?? 0)) / 2 };
	const path = `M${from?.x} ${from?.y}Q${middle.x} ${middle.y} ${x} ${y}`;
	return <path d={path} className={isCutOff || device.state !== 'up' ? 'map-line map-dead' : 'map-line'} />;
}

function Spot({ place, isNamed, scale }: { place: Place; isNamed: boolean; scale: number }) {
	const { device, x, y, angle, isCutOff, isLeaf, depth } = place;
	const isLeft = Math.cos(angle) < 0;
	const degrees = (angle * 180) / Math.PI + (isLeft ? 180 : 0);
	const isInside = !isLeaf || depth === 0;
	// Letters as large as on the rest of the page, however near one looks, but never larger than there is room for.
	const letters = Math.min(14, scale / 45);
	const kind = isCutOff ? 'cut' : device.state;
	return (
		<a
			href={hrefOf({ device: device.id })}
			aria-label={`${device.host_name}, ${words.state[device.state]}${isCutOff ? `, ${words.map.cutOff}` : ''}`}
			onClick={(event) => {
				event.preventDefault();
				go({ device: device.id });
			}}
		>
			<g className={`map-spot map-${kind}`} transform={`translate(${x} ${y})`}>
				<title>{`${device.host_name}, ${words.state[device.state]}`}</title>
				{device.state === 'down' ? (
					<path d="M-6-6L6 6M6-6L-6 6" className="map-cross" />
				) : (
					<circle r={isInside ? 8 : 5.5} />
				)}
				{isNamed && (
					<text
						fontSize={letters}
						transform={
							isInside ? 'translate(0 -14)' : `rotate(${degrees}) translate(${isLeft ? -11 : 11} ${letters * 0.35})`
						}
						textAnchor={isInside ? 'middle' : isLeft ? 'end' : 'start'}
					>
						{device.host_name}
					</text>
				)}
			</g>
		</a>
	);
}

/** React's own wheel events cannot keep the page from scrolling. */
function useWheel(svg: React.RefObject<SVGSVGElement | null>, nearer: (factor: number) => void): void {
	const latest = useRef(nearer);
	latest.current = nearer;
	useEffect(() => {
		const element = svg.current;
		const turn = (event: WheelEvent) => {
			event.preventDefault();
			latest.current(event.deltaY < 0 ? 1.2 : 1 / 1.2);
		};
		element?.addEventListener('wheel', turn, { passive: false });
		return () => element?.removeEventListener('wheel', turn);
	}, [svg]);
}
