/** The API of the app service, typed by its own document. Addresses are relative to the page, whatever its prefix. */
import createClient from 'openapi-fetch';
import { fetchOrFail, RequestFailed } from './failure';
import type { components, paths } from './schema';

export const base = (): URL => new URL('.', location.href);

export const api = createClient<paths>({
	baseUrl: base()
		.href.replace(/[?#].*$/, '')
		.replace(/\/$/, ''),
	fetch: fetchOrFail,
});

export type SummaryPoint = components['schemas']['SummaryPoint'];
export type DevicePoint = components['schemas']['DevicePoint'];
export type InterfacePoint = components['schemas']['InterfacePoint'];
export type StoredInterface = components['schemas']['StoredInterface'];
export type JobRun = components['schemas']['JobRunPublic'];
export type StateChange = components['schemas']['StateChangePublic'];

export function liveAddress(): string {
	const address = new URL('live', base());
	address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
	return address.href;
}

/** The answer itself, or an error that react-query tries again. Some routes can answer CSV too, for which we never ask. */
export function found<T>(answer: { data?: T; error?: unknown }): Exclude<T, string> {
	if (answer.data === undefined) throw new RequestFailed(JSON.stringify(answer.error));
	return answer.data as Exclude<T, string>;
}
