/** What is done with many devices at once: find them, bring them in from a file, take them along as one. */
import { Button, Menu } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { base } from '../api/client';
import { words } from '../words';

const DiscoveryDialog = lazy(() => import('../features/discovery/DiscoveryDialog'));
const ImportDialog = lazy(() => import('../features/fleet/ImportDialog'));

export function DevicesMenu() {
	const [open, setOpen] = useState<'discovery' | 'import' | null>(null);
	const close = () => setOpen(null);
	const fileOf = (format: 'yaml' | 'csv') => new URL(`api/fleet?format=${format}`, base()).href;
	return (
		<>
			<Menu position="bottom-end">
				<Menu.Target>
					<Button size="sm" variant="default">
						{words.fleet.menu}
					</Button>
				</Menu.Target>
				<Menu.Dropdown>
					<Menu.Item onClick={() => setOpen('discovery')}>{words.discovery.find}</Menu.Item>
					<Menu.Item onClick={() => setOpen('import')}>{words.fleet.import}</Menu.Item>
					<Menu.Item component="a" href={fileOf('yaml')} download>
						{words.fleet.exportYaml}
					</Menu.Item>
					<Menu.Item component="a" href={fileOf('csv')} download>
						{words.fleet.exportCsv}
					</Menu.Item>
				</Menu.Dropdown>
			</Menu>
			<Suspense>
				{open === 'import' && <ImportDialog onClose={close} />}
				{open === 'discovery' && <DiscoveryDialog onClose={close} />}
			</Suspense>
		</>
	);
}
