import { afterEach, expect, test, vi } from 'vitest';
import { fetchOrFail, isWorthATry, logOwnFault, RequestFailed } from './failure';

afterEach(() => vi.restoreAllMocks());

test('a server that is away is a failed request', () =>
	expect(fetchOrFail(new Request('http://127.0.0.1:9/'))).rejects.toBeInstanceOf(RequestFailed));

test('a question that was given up is no failure', () => {
	const gone = new AbortController();
	gone.abort();
	return expect(fetchOrFail(new Request('http://127.0.0.1:9/', { signal: gone.signal }))).rejects.toMatchObject({
		name: 'AbortError',
	});
});

test('only a request is tried again, and only once', () =>
	expect([
		isWorthATry(0, new RequestFailed('503')),
		isWorthATry(1, new RequestFailed('503')),
		isWorthATry(0, new RangeError('Invalid time value')),
	]).toEqual([true, false, false]));

test('a fault of the own is on the console, a failed request is not', () => {
	const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
	logOwnFault(new RequestFailed('503'));
	expect(log).not.toHaveBeenCalled();
	logOwnFault(new RangeError('Invalid time value'));
	expect(log).toHaveBeenCalledOnce();
});
