/** Buttons that add, edit, copy and remove; the form is loaded when it is opened. */
import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { go } from '../../address';
import type { Device } from '../../live/messages';
import { words } from '../../words';
import { removeDevice } from './changes';
import type { Purpose } from './DeviceForm';

const DeviceForm = lazy(() => import('./DeviceForm'));

export function AddButton() {
	const [isOpen, setOpen] = useState(false);
	return (
		<>
			<Button size="sm" onClick={() => setOpen(true)}>
				{words.edit.add}
			</Button>
			<Suspense>{isOpen && <DeviceForm purpose="add" device={null} onClose={() => setOpen(false)} />}</Suspense>
		</>
	);
}

export function DeviceActions({ device }: { device: Device }) {
	const [purpose, setPurpose] = useState<Purpose | null>(null);
	const remove = () => {
		removeDevice(device);
		go({ device: null, page: 'devices' });
	};
	return (
		<span className="device-actions">
			<Button size="xs" variant="light" onClick={() => setPurpose('edit')}>
				{words.edit.edit}
			</Button>
			<Button size="xs" variant="default" onClick={() => setPurpose('copy')}>
				{words.edit.copy}
			</Button>
			<Button size="xs" variant="default" onClick={remove}>
				{words.edit.remove}
			</Button>
			<Suspense>
				{purpose && <DeviceForm purpose={purpose} device={device} onClose={() => setPurpose(null)} />}
			</Suspense>
		</span>
	);
}
