/** Lines and spots of the map; each is drawn anew only when its own state changed, however many there are. */
import { memo, useMemo } from 'react';
import type { Device, State } from '../../live/messages';
import { words } from '../../words';
import type { Layout, Place } from './layout';

interface Props {
	layout: Layout;
	devices: ReadonlyMap<number, Device>;
	cutOff: ReadonlySet<number>;
	/** Who is searched for; null while nobody is. */
	found: ReadonlySet<number> | null;
	/** Who has the keyboard's place. */
	here: number;
	/** How many names there is room for. */
	room: number;
}

/** So many places are looked at as one: where none of them turned, none is drawn anew. */
const CHUNK = 100;

export function Picture({ layout, devices, cutOff, found, here, room }: Props) {
	const { places } = layout;
	const chunks = useMemo(() => cut(places), [places]);
	const others = useMemo(() => places.filter((place) => !isLeaf(place)).length, [places]);
	const areLeavesNamed = places.length < room;
	const shared = { found, areLeavesNamed, areOthersNamed: areLeavesNamed || others < room / 2 };
	const drawn = chunks.map((chunk) => ({
		key: chunk[0]?.id,
		places: chunk,
		marks: chunk.map(({ id }) => toMark(devices.get(id)?.state ?? 'unknown', cutOff.has(id))).join(''),
		here: chunk.some(({ id }) => id === here) ? here : null,
	}));
	return (
		<>
			{drawn.map((chunk) => (
				<Lines key={chunk.key} places={chunk.places} marks={chunk.marks} />
			))}
			{drawn.map((chunk) => (
				<Spots key={chunk.key} places={chunk.places} marks={chunk.marks} here={chunk.here} {...shared} />
			))}
		</>
	);
}

const STATES: Record<string, State> = { u: 'up', d: 'down', n: 'unknown' };

/** A letter for a state, a capital one for who is cut off. */
function toMark(state: State, isCutOff: boolean): string {
	const letter = state === 'up' ? 'u' : state === 'down' ? 'd' : 'n';
	return isCutOff ? letter.toUpperCase() : letter;
}

function cut(places: readonly Place[]): (readonly Place[])[] {
	return Array.from({ length: Math.ceil(places.length / CHUNK) }, (_, index) =>
		places.slice(index * CHUNK, (index + 1) * CHUNK),
	);
}

interface ChunkProps {
	places: readonly Place[];
	/** How each of them is: its mark. */
	marks: string;
}

const Lines = memo(function Lines({ places, marks }: ChunkProps) {
	return places.map(
		(place, index) => place.parent && <Line key={place.id} place={place} isDead={marks[index] !== 'u'} />,
	);
});

interface SpotsProps extends ChunkProps, Pick<Props, 'found'> {
	here: number | null;
	areLeavesNamed: boolean;
	areOthersNamed: boolean;
}

const Spots = memo(function Spots({ places, marks, here, found, areLeavesNamed, areOthersNamed }: SpotsProps) {
	return places.map((place, index) => (
		<Spot
			key={place.id}
			place={place}
			state={STATES[(marks[index] ?? '').toLowerCase()] ?? 'unknown'}
			isCutOff={/[A-Z]/.test(marks[index] ?? '')}
			isNamed={(isLeaf(place) ? areLeavesNamed : areOthersNamed) || (found !== null && isFoundFew(found, place.id))}
			isFaint={found !== null && !found.has(place.id)}
			isHere={place.id === here}
		/>
	));
});

const MOST_NAMED = 40;
const isFoundFew = (found: ReadonlySet<number>, id: number) => found.size <= MOST_NAMED && found.has(id);
const isLeaf = (place: Place) => place.isLeaf && place.depth > 0;

const Line = memo(function Line({ place: { x, y, parent }, isDead }: { place: Place; isDead: boolean }) {
	return <path d={`M${parent?.x} ${parent?.y}L${x} ${y}`} className={isDead ? 'map-line map-dead' : 'map-line'} />;
});

interface SpotProps {
	place: Place;
	state: State;
	isCutOff: boolean;
	isNamed: boolean;
	isFaint: boolean;
	isHere: boolean;
}

const Spot = memo(function Spot({ place, state, isCutOff, isNamed, isFaint, isHere }: SpotProps) {
	const { id, name, x, y } = place;
	// What is shown comes first, as it is shown.
	const shown = place.isSimulated ? `${name} ${words.sim}` : name;
	const label = [shown, words.state[state], isCutOff && words.map.cutOff].filter(Boolean).join(', ');
	return (
		<a href={`?device=${id}`} data-id={id} tabIndex={isHere ? 0 : -1} aria-label={label}>
			<g
				className={`map-spot map-${isCutOff ? 'cut' : state} ${isFaint ? 'map-faint' : ''}`}
				transform={`translate(${x} ${y})`}
			>
				<title>{label}</title>
				<circle r={13} className="map-ring" />
				{state === 'down' && !isCutOff ? (
					<path d="M-6-6L6 6M6-6L-6 6" className="map-cross" />
				) : (
					<circle r={(isLeaf(place) ? 5.5 : 8) * (place.angle === null ? 1.3 : 1)} className="map-dot" />
				)}
				{isNamed && <Name place={place} />}
			</g>
		</a>
	);
});

/** Outward from a spot in a ring, below one in a crowd, above one that has others around it. */
function Name({ place }: { place: Place }) {
	const { angle, name } = place;
	if (!isLeaf(place) || angle === null)
		return (
			<text y={isLeaf(place) ? 8 : -13} dy={isLeaf(place) ? '0.8em' : 0} textAnchor="middle">
				{name}
				<Sim place={place} />
			</text>
		);
	const isLeft = Math.cos(angle) < -0.001;
	const degrees = (angle * 180) / Math.PI + (isLeft ? 180 : 0);
	return (
		<text transform={`rotate(${degrees})`} x={isLeft ? -11 : 11} dy="0.35em" textAnchor={isLeft ? 'end' : 'start'}>
			{name}
			<Sim place={place} />
		</text>
	);
}

const Sim = ({ place }: { place: Place }) =>
	place.isSimulated ? <tspan className="map-sim"> {words.sim}</tspan> : null;
