/** A clean by hand: it says what it does and asks before it does it, for nothing brings back what it replaces. */
import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { words } from '../../words';

export function CleanNow({ onClean }: { onClean: () => void }) {
	const [isAsking, setAsking] = useState(false);
	const close = () => setAsking(false);
	return (
		<>
			<Button size="xs" variant="default" onClick={() => setAsking(true)}>
				{words.clean.ask}
			</Button>
			<Modal
				opened={isAsking}
				onClose={close}
				title={words.clean.title}
				closeButtonProps={{ 'aria-label': words.close }}
				lockScroll={false}
				centered
			>
				<div className="clean-words">
					<p>{words.clean.simulated}</p>
					<p>{words.clean.real}</p>
					<div className="form-buttons">
						<Button variant="default" data-autofocus onClick={close}>
							{words.cancel}
						</Button>
						<Button
							color="red"
							onClick={() => {
								close();
								onClean();
							}}
						>
							{words.clean.now}
						</Button>
					</div>
				</div>
			</Modal>
		</>
	);
}
