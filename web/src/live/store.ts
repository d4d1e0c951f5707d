/** The one store of the screen: follows /live and tells its listeners at most once per animation frame. */
import { findEdge } from './edge';
import type { Control, Message } from './messages';
import { follow, type Panel, SeqGap } from './panel';
import { StateParts } from './parts';
import { Recent } from './recent';
import { type Link, LiveLink, type Socket } from './socket';
import { appendTotals, countTotals, type TickTotals, type Totals } from './totals';

export interface Live {
	/** Connecting only until the first answer or loss: a lost link is lost until a state or resumed has come. */
	link: Link;
	/** When the link was lost first, whatever was tried since; null while it is open; milliseconds of Date.now(). */
	lostSince: number | null;
	panel: Panel | null;
	totals: Totals | null;
	ring: readonly TickTotals[];
	/** The last error that the server told, and how many came. */
	error: { code: string; detail: string; count: number } | null;
}

export interface StoreOptions {
	/** Of /live; with a query it is a view, which is always answered by a whole state. */
	address: string;
	open?: (address: string) => Socket;
	random?: () => number;
	onFrame?: (callback: () => void) => void;
}

export class LiveStore {
	private live: Live = { link: 'connecting', lostSince: Date.now(), panel: null, totals: null, ring: [], error: null };
	/** What was told last; changes only in a frame, as useSyncExternalStore wants it. */
	private told: Live = this.live;
	private readonly listeners = new Set<() => void>();
	private readonly link: LiveLink;
	private readonly onFrame: (callback: () => void) => void;
	private edge: ReadonlySet<number> = new Set();
	private isDue = false;
	private isHoled = false;
	private readonly parts = new StateParts();
	/** Grows with each tick; read in a frame, after a tick was told. */
	readonly recent = new Recent();

	constructor(private readonly options: StoreOptions) {
		this.onFrame = options.onFrame ?? inFrame;
		this.link = new LiveLink({
			...options,
			address: () => this.address(),
			onMessage: (text) => this.take(JSON.parse(text) as Message),
			onLink: (link) => {
				if (link === this.live.link || link === 'connecting') return;
				this.change({ link, lostSince: this.live.lostSince ?? Date.now() });
			},
		});
	}

	start(): void {
		this.link.connect();
	}

	stop(): void {
		this.link.close();
	}

	hurry(): void {
		this.link.hurry();
	}

	/** Ask for a job; false where there is no link. */
	ask(control: Control): boolean {
		return this.link.send(control);
	}

	readonly get = (): Live => this.told;

	readonly listen = (listener: () => void): (() => void) => {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	};

	private address(): string {
		const { panel } = this.live;
		const { address } = this.options;
		if (panel === null || this.isHoled || address.includes('?')) return address;
		return `${address}?epoch=${encodeURIComponent(panel.epoch)}&seq=${panel.seq}`;
	}

	private take(message: Message): void {
		if (message.type === 'error') {
			const { code, detail } = message;
			this.change({ error: { code, detail, count: (this.live.error?.count ?? 0) + 1 } });
			return;
		}
		try {
			const whole = this.parts.take(message);
			if (whole === null) return;
			this.show(follow(this.live.panel, whole), whole);
			this.isHoled = false;
		} catch (error) {
			if (!(error instanceof SeqGap)) throw error;
			this.isHoled = true;
			this.link.retry();
		}
	}

	private show(panel: Panel | null, message: Message): void {
		if (panel === null) return;
		if (message.type === 'state' || message.type === 'inventory') this.edge = findEdge(panel.devices);
		const totals = countTotals(panel, this.edge);
		if (message.type === 'state') this.recent.forget();
		const isTick = panel.timeStamp !== null && message.type !== 'inventory' && message.type !== 'resumed';
		const ring = isTick ? appendTotals(this.live.ring, totals, panel.timeStamp as string) : this.live.ring;
		if (isTick) this.recent.take(panel.devices, panel.timeStamp as string);
		const isAnswer = message.type === 'state' || message.type === 'resumed';
		this.change({ panel, totals, ring, ...(isAnswer && { link: 'open', lostSince: null }) });
	}

	private change(part: Partial<Live>): void {
		this.live = { ...this.live, ...part };
		if (this.isDue) return;
		this.isDue = true;
		this.onFrame(() => {
			this.isDue = false;
			this.told = this.live;
			for (const listener of this.listeners) listener();
		});
	}
}

/** A hidden page has no frames, but its title shall tell the state all the same. */
function inFrame(callback: () => void): void {
	if (document.hidden) setTimeout(callback, 250);
	else requestAnimationFrame(callback);
}
