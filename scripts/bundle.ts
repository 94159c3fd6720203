/**
 * Makes one file each of the agent's entry and of its worker. The program waits for the entry at every start: loaded as 30
 * ES modules it takes 50 ms, as one file 8 (the loader resolves and reads each file by itself).
 */
import { build } from 'esbuild'

await build({
  entryPoints: { agent: 'agent/dist/index.js', worker: 'agent/dist/worker/main.js' },
  outdir: 'agent/dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  // Packages stay packages: they are the agent's dependencies. Only loopscope's own collector is taken in.
  external: ['ws', 'prom-client', 'prom-client/*', 'pprof-format', '@opentelemetry/*'],
  legalComments: 'none',
  logLevel: 'warning',
})
