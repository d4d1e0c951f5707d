import { expect, test } from 'vitest';
import { formatView, parseView } from './address';

test.each([
	'?',
	'?kiosk',
	'?view=devices&q=pc+1&state=down&type=Desktop+PC&tag=lab&sort=-down',
	'?device=3&range=7d',
	'?from=100&to=700',
	'?view=jobs',
])('%s says the same after it was read', (query) => expect(formatView(parseView(query))).toBe(query));

test.each(['?device=0', '?device=x', '?state=broken', '?sort=colour', '?range=2d', '?from=700&to=100', '?view=other'])(
	'%s is an overview like any other',
	(query) => expect(parseView(query)).toEqual(parseView('')),
);
