/** Requests that failed, told apart from faults of the screen's own: a page must not blame the server for its mistakes. */

/** No answer came, or one that refuses; the message is the problem as the server tells it. */
export class RequestFailed extends Error {
	override name = 'RequestFailed';
}

/** `fetch` whose failures are known as such; a question that was given up stays an AbortError. */
export async function fetchOrFail(request: Request): Promise<Response> {
	try {
		return await fetch(request);
	} catch (error) {
		if (error instanceof DOMException && error.name === 'AbortError') throw error;
		throw new RequestFailed(String(error), { cause: error });
	}
}

/** A part of the screen that is loaded when it is wanted; without a server it cannot come. */
export async function loadPart<T>(part: Promise<T>): Promise<T> {
	try {
		return await part;
	} catch (error) {
		throw new RequestFailed(String(error), { cause: error });
	}
}

/** A request is worth a second try, a fault of the screen's own is not. */
export const isWorthATry = (failures: number, error: unknown): boolean =>
	error instanceof RequestFailed && failures < 1;

/** Put a fault of the screen's own on the console, where who mends it looks for it. */
export function logOwnFault(error: unknown): void {
	if (!(error instanceof RequestFailed)) console.error('a fault of the screen itself:', error);
}
