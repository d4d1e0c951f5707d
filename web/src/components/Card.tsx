/** A titled part of a page. */
import { type ReactNode, useId } from 'react';

export function Card(props: { title: string; aside?: ReactNode; children: ReactNode; className?: string }) {
	const id = useId();
	return (
		<section className={`card ${props.className ?? ''}`} aria-labelledby={id}>
			<div className="card-head">
				<h2 id={id}>{props.title}</h2>
				{props.aside}
			</div>
			{props.children}
		</section>
	);
}
