/** The first question about a new device: how it is read. One card each, as radio buttons; none is chosen beforehand. */
import { useRef } from 'react';
import { words } from '../../words';
import type { Way } from './ways';

interface Props {
	ways: readonly Way[];
	/** Name of a driver; empty while none is chosen. */
	chosen: string;
	/** `isByHand`: with a pointer, so that the keyboard's place may go on to the next field. */
	onChoose: (name: string, isByHand: boolean) => void;
}

export function WayCards({ ways, chosen, onChoose }: Props) {
	const isByHand = useRef(false);
	return (
		<fieldset className="wide ways">
			<legend>{words.edit.how}</legend>
			{ways.map(({ name, title, hint }, index) => (
				<label
					key={name}
					className="way"
					onPointerDown={() => {
						isByHand.current = true;
					}}
				>
					<input
						type="radio"
						name="way"
						value={name}
						checked={chosen === name}
						aria-describedby={`way-${name}`}
						data-autofocus={index === 0 || undefined}
						onKeyDown={() => {
							isByHand.current = false;
						}}
						onChange={() => onChoose(name, isByHand.current)}
					/>
					<b>{title}</b>
					<small id={`way-${name}`}>{hint}</small>
				</label>
			))}
		</fieldset>
	);
}
