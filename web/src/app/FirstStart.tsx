/** What this is and what to do first; until somebody has read it. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { base } from '../api/client';
import { AddButton } from '../features/edit/Actions';
import { useLive } from '../hooks';
import { words } from '../words';

const KEY = 'dashnet-welcomed';

export function FirstStart() {
	const isEmpty = useLive((live) => live.panel !== null && live.panel.devices.size === 0);
	const [isRead, setRead] = useState(() => localStorage.getItem(KEY) !== null);
	if (isRead && !isEmpty) return null;
	const close = () => {
		localStorage.setItem(KEY, 'yes');
		setRead(true);
	};
	return (
		<section className="card welcome">
			<div className="welcome-text">
				<h2>{words.first.title}</h2>
				<p>{isEmpty ? words.first.empty : words.first.what}</p>
				<p className="quiet">{words.first.add}</p>
				<pre>
					<code>{`curl --json '{"host_name": "nas", "mac_address": "00:1B:44:11:3A:B7", "ip_address": "192.168.1.9", "device_type": "NAS", "driver": "icmp"}' ${base().href}api/devices`}</code>
				</pre>
			</div>
			<div className="welcome-buttons">
				<AddButton />
				{!isRead && (
					<Button variant="default" onClick={close}>
						{words.first.ok}
					</Button>
				)}
			</div>
		</section>
	);
}
