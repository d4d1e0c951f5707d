/** The part of `words` with which devices are found, added, changed and removed. */
export const edit = {
	add: 'Add a device',
	edit: 'Edit',
	copy: 'Duplicate',
	remove: 'Remove',
	save: 'Save',
	undo: 'Undo',
	titles: { add: 'Add a device', edit: 'Edit the device', copy: 'Duplicate the device' },
	added: (name: string) => `${name} was added.`,
	saved: (name: string) => `${name} was saved.`,
	removed: (name: string) => `${name} is being removed.`,
	clash:
		'Somebody else has changed this device since you began. Look at the marked fields; save again to put yours in their place.',
	changedElsewhere: (value: string) => `meanwhile changed to: ${value || '(empty)'}`,
	savedSecret: (name: string) => `${name} was saved. A secret that was replaced cannot be brought back.`,
	secretStored: 'a secret is stored',
	secretCleared: 'will be removed',
	clearSecret: (label: string) => `Remove the stored ${label.toLowerCase()}`,
	keepSecret: (label: string) => `Keep the stored ${label.toLowerCase()}`,
	leaving: 'Keep it',
	undone: 'Undone.',
	notUndone: 'That could not be undone.',
	options: (driver: string) => `Options of the driver ${driver}`,
	moreOptions: (count: number) => `${count} more options`,
	noJson: 'not JSON, such as {"port": 80}',
};

export const discovery = {
	find: 'Find devices in a network …',
	title: 'Find devices in a network',
	network: 'Network',
	yours: 'A network or an address, at most 4,096 addresses. Look only at networks that are yours.',
	community: 'SNMP community',
	optional: 'Tells what the devices are; may be left empty',
	port: 'SNMP port',
	usualPort: 'UDP; 161 where nothing is given',
	start: 'Look',
	end: 'Stop',
	again: 'Look again',
	all: 'All that are new',
	known: 'known',
	by: { ping: 'answers pings', tcp: 'answers TCP', snmp: 'answers SNMP', arp: 'answers ARP only' },
	behind: (address: string) => `behind ${address}`,
	soFar: (found: number, all: number) => `${found.toLocaleString()} found so far, of ${all.toLocaleString()} addresses`,
	result: (found: number, all: number, network: string) =>
		`${found.toLocaleString()} of ${all.toLocaleString()} addresses of ${network} answer.`,
	outcomes: {
		cancelled: 'It was stopped.',
		failed: 'It failed.',
		broken_off: 'It was broken off, for its service was stopped.',
	},
	add: (count: number) => (count === 1 ? 'Add 1 device' : `Add ${count.toLocaleString()} devices`),
	added: (count: number) => (count === 1 ? '1 device was added.' : `${count.toLocaleString()} devices were added.`),
};

export const fleet = {
	menu: 'More ▾',
	import: 'Import a file …',
	exportYaml: 'Export as YAML',
	exportCsv: 'Export as CSV',
	title: 'Import devices',
	file: 'File',
	files: 'YAML or CSV as exported here, or the CSV of NetBox’s list of devices. First you see what would change.',
	choose: 'Choose a file',
	otherFile: 'Choose a file whose name ends in .yaml or .csv.',
	failed: 'It could not be sent.',
	faults: 'Nothing was changed:',
	line: (number: string) => `line ${number}`,
	otherSecret: 'another secret',
	nothing: '(nothing)',
	changes: 'What would change',
	kinds: { new: 'new', changed: 'changed', left: 'left out' },
	more: (count: number) => `and ${count.toLocaleString()} more`,
	counts: (created: number, changed: number, unchanged: number, leftOut: number) =>
		[
			`${created.toLocaleString()} to add`,
			`${changed.toLocaleString()} to change`,
			`${unchanged.toLocaleString()} as they are`,
			leftOut && `${leftOut.toLocaleString()} left out`,
		]
			.filter(Boolean)
			.join(', '),
	apply: (count: number) =>
		count === 1 ? 'Add or change 1 device' : `Add or change ${count.toLocaleString()} devices`,
	done: (created: number, changed: number) => `${created.toLocaleString()} added, ${changed.toLocaleString()} changed.`,
};

export const facts = {
	ask: 'Ask the device',
	failed: 'It could not be asked.',
	take: (value: string) => `Use “${value}”`,
	nothing: 'It tells nothing of itself.',
	names: {
		system_name: 'Calls itself',
		description: 'Description',
		vendor: 'Vendor',
		model: 'Model',
		serial: 'Serial number',
		location: 'Location',
		contact: 'Contact',
		uptime_seconds: 'Runs for',
		operating_system: 'System',
		device_type: 'Type',
	},
};
