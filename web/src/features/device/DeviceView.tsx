/** One device: its fields, its traffic, how much of the time it was up, when it turned, who is behind it. */
import { type ReactNode, useCallback, useMemo } from 'react';
import { api, found } from '../../api/client';
import { Age } from '../../components/Age';
import { Card } from '../../components/Card';
import { HistoryChart } from '../../components/chart/HistoryChart';
import { type Columns, type Measure, measuresOf } from '../../components/chart/series';
import { useHistory } from '../../components/chart/useHistory';
import { DeviceLink, ViewLink } from '../../components/DeviceLink';
import { Facts } from '../../components/Facts';
import { SimMark } from '../../components/SimMark';
import { DownloadIcon, StateSign, UploadIcon } from '../../components/signs';
import { countsTraffic, isSimulated, timesAnswers } from '../../drivers';
import { milliseconds, speed } from '../../format';
import { useDrivers, useLive } from '../../hooks';
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
			{!device && <h1 className="no-device">{isKnown ? words.notThere : words.loading}</h1>}
		</>
	);
}

function Known({ device, actions }: { device: Device; actions: ReactNode }) {
	const { id, host_name, snap_shot, driver } = device;
	const asked = useHistory(`device ${id}`, async (query, signal) =>
		found(await api.GET('/api/devices/{device_id}/history', { params: { path: { device_id: id }, query }, signal })),
	);
	const choose = useCallback((columns: Columns) => measuresOf(driver, columns), [driver]);
	return (
		<>
			<div className="device-head">
				<h1>{host_name}</h1>
				<SimMark driver={driver} />
				<StateSign state={device.state} size={22} />
				<Numbers device={device} />
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
			<HistoryChart
				title={(measures) => titleOf(measures, host_name)}
				history={asked.data}
				error={asked.error}
				most={1}
				choose={choose}
			/>
			<Interfaces id={id} driver={device.driver} />
			<div className="thirds">
				<Fields device={device} />
				<Availability id={id} />
				<Changes id={id} />
			</div>
		</>
	);
}

function titleOf([first]: readonly Measure[], name: string): string {
	if (first === undefined) return words.pastOf(name);
	return first === 'traffic' ? words.trafficOf(name) : words.latencyOf(name);
}

/** What its driver measures of it, and what of the rest is known. */
function Numbers({ device: { driver, snap_shot } }: { device: Device }) {
	const { download_speed = null, upload_speed = null, round_trip_seconds = null } = snap_shot ?? {};
	const hasLatency = timesAnswers(driver) || round_trip_seconds !== null;
	const hasTraffic = countsTraffic(driver) || Math.max(download_speed ?? 0, upload_speed ?? 0) > 0;
	return (
		<span className="speeds large">
			{hasTraffic && (
				<>
					<span className="download">
						<DownloadIcon />
						{speed(download_speed)}
					</span>
					<span className="upload">
						<UploadIcon />
						{speed(upload_speed)}
					</span>
					<small>{words.mbit}</small>
				</>
			)}
			{hasLatency && (
				<span className="latency">
					<small>{words.latency}</small> {milliseconds(round_trip_seconds)}
				</span>
			)}
		</span>
	);
}

function Fields({ device }: { device: Device }) {
	const devices = useLive((live) => live.panel?.devices);
	const parent = device.parent_id === null ? undefined : devices?.get(device.parent_id);
	const children = useMemo(
		() => [...(devices?.values() ?? [])].filter((one) => one.parent_id === device.id),
		[devices, device.id],
	);
	const driver = useDrivers()?.find(({ name }) => name === device.driver);
	const names = words.fields;
	return (
		<Card title={words.details}>
			<dl className="fields">
				{(['device_type', 'operating_system', 'ip_address', 'mac_address', 'driver', 'id'] as const).map((name) => (
					<div key={name}>
						<dt>{names[name]}</dt>
						<dd>{String(device[name] ?? '') || '–'}</dd>
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
			{!isSimulated(device.driver) && <ReadNow id={device.id} />}
			{driver?.can_describe && <Facts id={device.id} />}
		</Card>
	);
}
