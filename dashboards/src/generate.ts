/** Writes generated/: `npm run generate --workspace dashboards`. A test asserts that what is committed is what this makes. */
import { mkdir, writeFile } from 'node:fs/promises'
import { generatedFiles } from './generated-files.ts'

const directory = new URL('../generated/', import.meta.url)
await mkdir(directory, { recursive: true })
for (const [name, text] of Object.entries(generatedFiles())) {
  await writeFile(new URL(name, directory), text)
  console.log(`wrote dashboards/generated/${name}`)
}
