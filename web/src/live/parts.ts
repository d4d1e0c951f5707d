/** A `state` of /live that comes in parts, put together again: nobody is shown half a network. */
import type { Message } from './messages';
import { SeqGap } from './panel';

type State = Extract<Message, { type: 'state' }>;

export class StateParts {
	private state: State | null = null;

	/** The message, or the whole state in the place of its last part; null for the others. Throws SeqGap where one is missing. */
	take(message: Message): Message | null {
		if (message.type === 'state') {
			const isWhole = message.complete_at === undefined || message.complete_at <= message.seq;
			this.state = isWhole ? null : message;
			return isWhole ? message : null;
		}
		if (message.type === 'resumed') this.state = null;
		if (this.state === null || message.type === 'error') return message;
		return this.add(this.state, message);
	}

	private add(state: State, part: Message): State | null {
		if (part.type !== 'inventory' || part.seq !== state.seq + 1) throw new SeqGap('a part of a state is missing');
		const { complete_at, ...known } = state;
		const more = { ...known, seq: part.seq, devices: [...state.devices, ...part.changed] };
		const isWhole = complete_at === undefined || part.seq >= complete_at;
		this.state = isWhole ? null : { ...more, complete_at };
		return isWhole ? more : null;
	}
}
