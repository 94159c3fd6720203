/**
 * Which version of a package a block was in: its package.json, read on the agent's worker when a row first needs it, and
 * never again. What cannot be read has no version.
 */
import { join, resolve } from 'node:path'
import { readBounded } from './source-maps/find-map.ts'

/** More packages than this stay without. */
const MAX_PACKAGES = 200
const MAX_BYTES = 2 ** 20
const MAX_LENGTH = 100

export class PackageVersions {
  readonly #cwd: string
  /** By folder; null while it is read, and where there is none. */
  readonly #versions = new Map<string, string | null>()

  constructor(cwd: string) {
    this.#cwd = cwd
  }

  /** Of the package in a folder, once it is known. */
  readonly find = (folder: string): string | undefined => {
    const known = this.#versions.get(folder)
    if (known !== undefined) return known ?? undefined
    if (this.#versions.size >= MAX_PACKAGES) return undefined
    this.#versions.set(folder, null)
    void this.#read(folder)
    return undefined
  }

  async #read(folder: string): Promise<void> {
    try {
      const file = await readBounded(join(resolve(this.#cwd, folder), 'package.json'))
      if (!file || file.bytes.length > MAX_BYTES) return
      const { version } = JSON.parse(file.bytes.toString()) as { version?: unknown }
      if (typeof version === 'string' && version.length <= MAX_LENGTH) this.#versions.set(folder, version)
    } catch {
      // Not there, or no JSON.
    }
  }
}
