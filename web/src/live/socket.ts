/** A websocket that comes back: jittered back-off, and the address says where it left off. Knows nothing of devices. */
import { mayReconnect } from './messages';

export type Link = 'connecting' | 'open' | 'lost' | 'refused';

/** What a browser's WebSocket has; tests have their own. */
export interface Socket {
	onopen: (() => void) | null;
	onmessage: ((event: { data: string }) => void) | null;
	onclose: ((event: { code: number }) => void) | null;
	send(text: string): void;
	close(): void;
}

export interface LinkOptions {
	/** Where to connect now; called before each attempt. */
	address: () => string;
	onMessage: (text: string) => void;
	/** Told of all but open: what an answer is, only its reader knows. */
	onLink: (link: Exclude<Link, 'open'>) => void;
	open?: (address: string) => Socket;
	random?: () => number;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** A server that accepts and says nothing for so long is as good as none. */
const OPEN_LIMIT_MS = 15_000;

export class LiveLink {
	private socket: Socket | null = null;
	private failures = 0;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private readonly open: (address: string) => Socket;
	private readonly random: () => number;

	constructor(private readonly options: LinkOptions) {
		this.open = options.open ?? ((address) => new WebSocket(address) as Socket);
		this.random = options.random ?? Math.random;
	}

	connect(): void {
		clearTimeout(this.timer);
		this.drop();
		this.options.onLink('connecting');
		const socket = this.open(this.options.address());
		this.socket = socket;
		this.timer = setTimeout(() => this.retry(), OPEN_LIMIT_MS);
		socket.onmessage = (event) => {
			// A proxy accepts also for a server that is gone; only a message tells that one is there.
			clearTimeout(this.timer);
			this.failures = 0;
			this.options.onMessage(event.data);
		};
		socket.onclose = (event) => {
			if (mayReconnect(event.code)) this.retry();
			else this.end('refused');
		};
	}

	/** Send where there is a link; false where there is none. */
	send(message: object): boolean {
		if (this.socket === null || this.failures > 0) return false;
		this.socket.send(JSON.stringify(message));
		return true;
	}

	/** Do not wait out the pause: the network is back, or somebody looks again. */
	hurry(): void {
		if (this.socket === null && this.timer !== undefined) this.connect();
	}

	close(): void {
		this.end('lost');
	}

	/** Pause, longer after each failure, and connect again. */
	retry(): void {
		this.drop();
		clearTimeout(this.timer);
		this.options.onLink('lost');
		const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS);
		this.failures += 1;
		this.timer = setTimeout(() => this.connect(), pause * (0.5 + this.random()));
	}

	private end(link: Exclude<Link, 'open'>): void {
		clearTimeout(this.timer);
		this.timer = undefined;
		this.drop();
		this.options.onLink(link);
	}

	private drop(): void {
		const socket = this.socket;
		this.socket = null;
		if (socket === null) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket.close();
	}
}
