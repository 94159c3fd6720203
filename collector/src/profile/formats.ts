/** The files that a profile can be written as; the name of a format is what `?format=` says. */
import type { Profile } from '../model/profile.ts'
import { cpuprofile } from './cpuprofile.ts'
import { pprof } from './pprof.ts'
import { speedscope } from './speedscope.ts'

interface Format {
  /** How its files end. */
  ending: string
  contentType: string
  /** A file holds one thread. */
  single?: true
  write: (profiles: readonly [Profile, ...Profile[]]) => string | Uint8Array | Promise<Uint8Array>
}

const JSON_TYPE = 'application/json; charset=utf-8'

export const FORMATS = {
  speedscope: { ending: '.speedscope.json', contentType: JSON_TYPE, write: speedscope },
  cpuprofile: {
    ending: '.cpuprofile',
    contentType: JSON_TYPE,
    single: true,
    write: ([profile]) => cpuprofile(profile),
  },
  pprof: { ending: '.pb.gz', contentType: 'application/octet-stream', write: pprof },
} as const satisfies Record<string, Format>

export type FormatName = keyof typeof FORMATS
export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[]

export function formatOf(name: FormatName): Format {
  return FORMATS[name]
}
