// Before anything is painted, so that a dark screen never flashes white.
(() => {
	let wanted = 'auto';
	try {
		wanted = localStorage.getItem('dashnet-theme') || 'auto';
	} catch {}
	const isDark = wanted === 'dark' || (wanted === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
	document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light');
})();
