/**
 * Makes one file each of the agent's entry and of its worker. The program waits for the entry at every start: loaded as 30
 * ES modules it takes 50 ms, as one file 8 (the loader resolves and reads each file by itself).
 */
import { writeFileSync } from 'node:fs'
import { build } from 'esbuild'

const { outputFiles } = await build({
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
  write: false,
})

/**
 * To import a module of Node's as an ES module evaluates every getter of it, and those of node:fs load streams and promises:
 * 5 ms that a small program would not spend otherwise. An old Node that has no getBuiltinModule can still stand down.
 */
const PRELUDE = `import { createRequire as createRequireOfNode } from "node:module";
const builtin = process.getBuiltinModule ?? createRequireOfNode(import.meta.url);
`
const IMPORT = /^import (?:(\w+))?(?:, )?(?:\{ ([^}]*) \})? from "(node:[^"]+)";$/gm

function withoutFacades(source: string): string {
  const text = source.replace(IMPORT, (_, whole: string | undefined, names: string | undefined, module: string) => {
    const loaded = `builtin(${JSON.stringify(module)})`
    const parts = whole === undefined ? [] : [`const ${whole} = ${loaded};`]
    if (names !== undefined) parts.push(`const { ${names.replaceAll(' as ', ': ')} } = ${loaded};`)
    return parts.join(' ')
  })
  if (/^import .*"node:/m.test(text)) throw new Error('bundle.ts does not know this form of an import')
  return PRELUDE + text
}

for (const { path, text } of outputFiles) writeFileSync(path, withoutFacades(text))
