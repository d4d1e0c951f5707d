/** Ways from one device on the map to its neighbours with the arrow keys. Pure. */
import type { Layout } from './layout';

export type Step = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight';

/** Up to whom it is behind, down to the first behind it, left and right among those behind the same; itself at an end. */
export function stepFrom({ places }: Layout, id: number, step: Step): number {
	const here = places.find((place) => place.id === id);
	if (here === undefined) return places[0]?.id ?? id;
	if (step === 'ArrowUp') return here.parent?.id ?? id;
	if (step === 'ArrowDown') return places.find((place) => place.parent === here)?.id ?? id;
	const beside = places.filter((place) => place.parent === here.parent);
	const index = beside.indexOf(here) + (step === 'ArrowRight' ? 1 : -1);
	return beside[(index + beside.length) % beside.length]?.id ?? id;
}
