/** A row of the table, a card on a phone; drawn anew only when its device changed. */
import { memo } from 'react';
import { go } from '../../address';
import { Age } from '../../components/Age';
import { DeviceLink } from '../../components/DeviceLink';
import { DownloadIcon, StateSign, UploadIcon } from '../../components/signs';
import { speed } from '../../format';
import type { Device } from '../../live/messages';
import { words } from '../../words';

export const DeviceRow = memo(function DeviceRow(props: { device: Device; top: number; index: number }) {
	const { device, top, index } = props;
	const { snap_shot } = device;
	return (
		// biome-ignore-start lint/a11y: the link in the row is for the keyboard; the row itself only widens it for the mouse.
		<div
			role="row"
			aria-rowindex={index + 2}
			className={`table-row table-device is-${device.state}`}
			style={{ transform: `translateY(${top}px)` }}
			onClick={(event) => {
				if (!(event.target as Element).closest('a, button')) go({ device: device.id, stretch: null });
			}}
		>
			<span role="cell" className="cell-state">
				<StateSign state={device.state} />
			</span>
			<span role="cell" className="cell-name">
				<DeviceLink id={device.id} name={device.host_name} />
			</span>
			<span role="cell" className="cell-type">
				{device.device_type}
			</span>
			<span role="cell" className="cell-address">
				{device.ip_address}
			</span>
			<span role="cell" className="cell-down number download">
				<DownloadIcon size={13} />
				{speed(snap_shot?.download_speed)}
			</span>
			<span role="cell" className="cell-up number upload">
				<UploadIcon size={13} />
				{speed(snap_shot?.upload_speed)}
			</span>
			<span role="cell" className="cell-age number quiet">
				{snap_shot ? <Age at={snap_shot.time_stamp} /> : words.neverRead}
			</span>
			<span role="cell" className="cell-tags">
				{device.tags.map((tag) => (
					<button type="button" key={tag} className="tag" onClick={() => go({ tag })}>
						{tag}
					</button>
				))}
			</span>
		</div>
		// biome-ignore-end lint/a11y: as above.
	);
});
