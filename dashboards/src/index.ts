/** What a user of `loopscope dashboards` gets: the generated files. Nothing that made them is needed here. */
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where they lie: beside dist/ in the package, beside src/ in the repository. */
const GENERATED = fileURLToPath(new URL('../generated/', import.meta.url))

/** Copies the Grafana dashboard, the Prometheus rules and the example configuration; returns the paths written. */
export async function writeDashboards(directory: string): Promise<string[]> {
  const written: string[] = []
  try {
    await mkdir(directory, { recursive: true })
    for (const name of (await readdir(GENERATED)).sort()) {
      const path = resolve(join(directory, name))
      await copyFile(join(GENERATED, name), path)
      written.push(path)
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `cannot write the dashboards to ${directory}: ${reason}. Choose a directory that you may write to.`,
      {
        cause,
      },
    )
  }
  return written
}
