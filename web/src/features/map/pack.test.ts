import { expect, test } from 'vitest';
import { type Disc, placeDiscs, placeSeeds } from './pack';

const discs = (...radii: number[]): Disc[] => radii.map((radius) => ({ radius, x: 0, y: 0 }));

function leastGap(placed: readonly Disc[]): number {
	let least = Number.POSITIVE_INFINITY;
	for (const [index, one] of placed.entries())
		for (const other of placed.slice(index + 1))
			least = Math.min(least, Math.hypot(one.x - other.x, one.y - other.y) - one.radius - other.radius);
	return least;
}

test('seeds lie apart, outside the middle and within their reach', () => {
	const seeds = discs(...Array(300).fill(10));
	const reach = placeSeeds(seeds, 10, 25);
	expect(leastGap(seeds)).toBeGreaterThan(-4);
	for (const { x, y } of seeds) {
		expect(Math.hypot(x, y)).toBeGreaterThan(25);
		expect(Math.hypot(x, y) + 10).toBeLessThanOrEqual(reach);
	}
	expect(reach).toBeLessThan(420);
});

test('discs of many sizes lie apart and close together', () => {
	const many = discs(...Array.from({ length: 60 }, (_, index) => 120 - index));
	const reach = placeDiscs(many, 40);
	expect(leastGap(many)).toBeGreaterThanOrEqual(-1e-6);
	const area = many.reduce((sum, { radius }) => sum + radius ** 2, 0);
	expect(area / reach ** 2).toBeGreaterThan(0.5);
});

test('very many discs have their places at once', () => {
	const many = discs(...Array(5000).fill(20));
	expect(placeDiscs(many, 0)).toBeGreaterThan(0);
	expect(leastGap(many.slice(0, 200))).toBeGreaterThan(-8);
});
