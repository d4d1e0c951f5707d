import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Addresses are relative, so that the screen works under any path prefix.
export default defineConfig({
	base: './',
	plugins: [react()],
	build: {
		outDir: '../services/app/static',
		emptyOutDir: true,
		target: 'es2022',
		// A data: address is no 'self' for the Content-Security-Policy.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
	},
	server: { proxy: { '/api': 'http://127.0.0.1:5001', '/live': { target: 'ws://127.0.0.1:5001', ws: true } } },
});
