import { expect, test } from 'vitest';
import { device } from '../../live/testing';
import { layOut } from './layout';
import { stepFrom } from './steps';

const fleet = [device(1), device(2, { parent_id: 1 }), device(3, { parent_id: 1 }), device(4, { parent_id: 3 })];
const layout = layOut(new Map(fleet.map((one) => [one.id, one])));

test.each([
	[4, 'ArrowUp', 3],
	[1, 'ArrowUp', 1],
	[3, 'ArrowDown', 4],
	[4, 'ArrowDown', 4],
	[2, 'ArrowRight', 3],
	[3, 'ArrowRight', 2],
	[2, 'ArrowLeft', 3],
	[99, 'ArrowLeft', 1],
] as const)('from %i by %s to %i', (id, step, to) => expect(stepFrom(layout, id, step)).toBe(to));
