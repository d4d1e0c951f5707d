import { expect, test } from 'vitest';
import { isSeen, lookAt, moveBy, WHOLE, zoomAt } from './eye';

test('the point under the pointer stays under it', () => {
	const eye = zoomAt({ x: 0, y: 0, zoom: 1 }, 2, { x: 100, y: 40 }, 2200);
	expect(eye).toEqual({ zoom: 2, x: 50, y: 20 });
	// Its distance from the middle, in parts of what is seen.
	expect((100 - eye.x) * eye.zoom).toBe(100);
});

test.each([
	[1000, 20],
	[0.001, 1],
])('by a factor of %f it ends at %i', (factor, zoom) =>
	expect(zoomAt({ x: 0, y: 0, zoom: 2 }, factor, { x: 0, y: 0 }, 2200).zoom).toBe(zoom),
);

test('it cannot be moved away from everything', () =>
	expect(moveBy(WHOLE, { x: 900, y: -900 }, 300)).toEqual({ x: 300, y: -300, zoom: 1 }));

test('who looks nearer already does not go back', () => {
	expect(lookAt({ ...WHOLE, zoom: 8 }, { x: 1, y: 2 }, 4)).toEqual({ x: 1, y: 2, zoom: 8 });
	expect(lookAt(WHOLE, { x: 1, y: 2 }, 4).zoom).toBe(4);
});

test('a point at the edge is not seen well', () => {
	expect(isSeen(WHOLE, { x: 49, y: 0 }, 100)).toBe(false);
	expect(isSeen(WHOLE, { x: 40, y: 0 }, 100)).toBe(true);
});
