/** A row of the table, a card on a phone; drawn anew only when its device changed. */
import { memo } from 'react';
import { go } from '../../address';
import { Age } from '../../components/Age';
import { ViewLink } from '../../components/DeviceLink';
import { SimMark } from '../../components/SimMark';
import { DownloadIcon, StateSign, UploadIcon } from '../../components/signs';
import { TwinLine } from '../../components/TwinLine';
import { knownSpeed } from '../../drivers';
import { speed } from '../../format';
import { store } from '../../hooks';
import type { Device } from '../../live/messages';
import { keep } from '../../removals';
import { words } from '../../words';

interface Props {
	device: Device;
	top: number;
	index: number;
	/** It has the keyboard's place: the one row of all that Tab leads to. */
	isHere: boolean;
	isLeaving: boolean;
	/** Another number as soon as more of the last minutes is known. */
	recentVersion: number;
}

export const DeviceRow = memo(function DeviceRow({ device, top, index, isHere, isLeaving }: Props) {
	const { snap_shot } = device;
	const tabIndex = isHere ? 0 : -1;
	return (
		// biome-ignore-start lint/a11y: the grid takes the keys of its rows; a click anywhere in a row opens it.
		<div
			role="row"
			aria-rowindex={index + 2}
			data-id={device.id}
			tabIndex={tabIndex}
			className={`table-row table-device is-${device.state} ${isLeaving ? 'is-leaving' : ''}`}
			style={{ transform: `translateY(${top}px)` }}
			onClick={(event) => {
				if (!(event.target as Element).closest('a, button')) go({ device: device.id, stretch: null });
			}}
		>
			<span role="gridcell" className="cell-state">
				<StateSign state={device.state} />
			</span>
			<span role="gridcell" className="cell-name">
				<ViewLink to={{ device: device.id, stretch: null }} className="device-link" tabIndex={tabIndex}>
					{device.host_name}
				</ViewLink>
				<SimMark driver={device.driver} />
				{isLeaving && (
					<button type="button" className="tag" tabIndex={tabIndex} onClick={() => keep(device.id)}>
						{words.edit.leaving}
					</button>
				)}
			</span>
			<span role="gridcell" className="cell-type">
				{device.device_type}
			</span>
			<span role="gridcell" className="cell-address">
				{device.ip_address}
			</span>
			<span role="gridcell" className="cell-line">
				<TwinLine line={store.recent.lineOf(device.id)} driver={device.driver} />
			</span>
			<span role="gridcell" className="cell-down number download">
				<DownloadIcon size={13} />
				{speed(knownSpeed(device.driver, snap_shot?.download_speed))}
			</span>
			<span role="gridcell" className="cell-up number upload">
				<UploadIcon size={13} />
				{speed(knownSpeed(device.driver, snap_shot?.upload_speed))}
			</span>
			<span role="gridcell" className="cell-age number quiet">
				{snap_shot ? <Age at={snap_shot.time_stamp} /> : words.neverRead}
			</span>
			<span role="gridcell" className="cell-tags">
				{device.tags.map((tag) => (
					<button type="button" key={tag} className="tag" tabIndex={tabIndex} onClick={() => go({ tag })}>
						{tag}
					</button>
				))}
			</span>
		</div>
		// biome-ignore-end lint/a11y: as above.
	);
});
