/** Around each view: what fails while it is drawn says so in its place, and the rest of the page goes on. */
import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { RequestFailed } from '../api/failure';
import { words } from '../words';

interface Props {
	/** Another view is tried anew. */
	name: string;
	children: ReactNode;
}

interface State {
	name: string;
	fault: unknown;
}

/** React puts what is caught here on the console by itself. */
export class Boundary extends Component<Props, State> {
	override state: State = { name: this.props.name, fault: null };

	static getDerivedStateFromError(fault: unknown): Partial<State> {
		return { fault };
	}

	static getDerivedStateFromProps({ name }: Props, state: State): Partial<State> | null {
		return name === state.name ? null : { name, fault: null };
	}

	override render(): ReactNode {
		const { fault } = this.state;
		if (fault === null) return this.props.children;
		return (
			<section className="card view-fault" role="alert">
				<h1>{words.trouble.view}</h1>
				<p>{fault instanceof RequestFailed ? words.trouble.part : words.trouble.own}</p>
				{!(fault instanceof RequestFailed) && <pre>{String(fault)}</pre>}
				<Button variant="light" onClick={() => location.reload()}>
					{words.reload}
				</Button>
			</section>
		);
	}
}
