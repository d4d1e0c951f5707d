/** One device: its fields, its traffic, how much of the time it was up, when it turned, who is behind it. */
import { type ReactNode, useMemo } from 'react';
import { api, found } from '../../api/client';
import { Age } from '../../components/Age';
import { Card } from '../../components/Card';
import { HistoryChart } from '../../components/chart/HistoryChart';
import { useHistory } from '../../components/chart/useHistory';
import { DeviceLink, ViewLink } from '../../components/DeviceLink';
import { Facts } from '../../components/Facts';
import { DownloadIcon, StateSign, UploadIcon } from '../../components/signs';
import { milliseconds, speed } from '../../format';
import { useLive } from '../../hooks';
import type { Device } from '../../live/messages';
import { words } from '../../words';
import { Availability } from './Availability';
import { Changes } from './Changes';
import { Interfaces } from './Interfaces';
import { ReadNow } from './ReadNow';

export function DeviceView({ id, actions }: { id: number; actions: (device: Device) => ReactNode }) {
	const isKnown = useLive((live) => live.panel !== null);
	const device = useLive((live) => live.panel?.devices.get(id));
	return (
		<>
			<ViewLink to={{ device: null, page: 'devices', stretch: null }} className="back">
				← {words.back}
			</ViewLink>
			{device && <Known device={device} actions={actions(device)} />}
			{!device && <p className="quiet">{isKnown ? words.notThere : words.loading}</p>}
		</>
	);
}

function Known({ device, actions }: { device: Device; actions: ReactNode }) {
	const { id, host_name, snap_shot } = device;
	const asked = useHistory(`device ${id}`, async (query, signal) =>
		found(await api.GET('/api/devices/{device_id}/history', { params: { path: { device_id: id }, query }, signal })),
	);
	return (
		<>
			<div className="device-head">
				<h1>{host_name}</h1>
				<StateSign state={device.state} size={22} />
				<span className="speeds large">
					<span className="download">
						<DownloadIcon />
						{speed(snap_shot?.download_speed)}
					</span>
					<span className="upload">
						<UploadIcon />
						{speed(snap_shot?.upload_speed)}
					</span>
					<small>{words.mbit}</small>
				</span>
				<span className="quiet">
					{snap_shot ? (
						<>
							{words.columns.age} <Age at={snap_shot.time_stamp} />
						</>
					) : (
						words.neverRead
					)}
				</span>
				{actions}
			</div>
			<HistoryChart title={words.trafficOf(host_name)} history={asked.data} isFailed={asked.isError} most={1} />
			<Interfaces id={id} driver={device.driver} />
			<div className="thirds">
				<Fields device={device} />
				<Availability id={id} />
				<Changes id={id} />
			</div>
		</>
	);
}

function Fields({ device }: { device: Device }) {
	const devices = useLive((live) => live.panel?.devices);
	const parent = device.parent_id === null ? undefined : devices?.get(device.parent_id);
	const children = useMemo(
		() => [...(devices?.values() ?? [])].filter((one) => one.parent_id === device.id),
		[devices, device.id],
	);
	const names = words.fields;
	return (
		<Card title={words.details}>
			<dl className="fields">
				{(['device_type', 'operating_system', 'ip_address', 'mac_address', 'driver', 'id'] as const).map((name) => (
					<div key={name}>
						<dt>{names[name]}</dt>
						<dd>{device[name] === '' ? '–' : String(device[name])}</dd>
					</div>
				))}
				<div>
					<dt>{names.round_trip}</dt>
					<dd>{milliseconds(device.snap_shot?.round_trip_seconds)}</dd>
				</div>
				<div>
					<dt>{names.tags}</dt>
					<dd>
						{device.tags.length === 0 && names.none}
						{device.tags.map((tag) => (
							<ViewLink key={tag} to={{ page: 'devices', device: null, tag }} className="tag">
								{tag}
							</ViewLink>
						))}
					</dd>
				</div>
				<div>
					<dt>{names.parent}</dt>
					<dd>{parent ? <DeviceLink id={parent.id} name={parent.host_name} /> : names.none}</dd>
				</div>
				<div>
					<dt>{names.children}</dt>
					<dd className="children">
						{children.length === 0 && names.none}
						{children.slice(0, 40).map((child) => (
							<DeviceLink key={child.id} id={child.id} name={child.host_name} />
						))}
						{children.length > 40 && `… ${children.length.toLocaleString()}`}
					</dd>
				</div>
			</dl>
			{device.driver !== 'simulated' && (
				<>
					<ReadNow id={device.id} />
					<Facts id={device.id} />
				</>
			)}
		</Card>
	);
}
