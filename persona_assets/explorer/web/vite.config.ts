import { defineConfig } from "vite";
import { engine } from "./vite.engine.ts";
import { licenses } from "./vite.licenses.ts";

// Relative addresses: the built site works below any folder of any host. Nothing is inlined as `data:`, so
// that a policy of `'self'` is enough.
export default defineConfig({
  base: "./",
  plugins: [engine(), licenses()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
