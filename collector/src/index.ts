export * from './protocol/index.ts'
export { Histogram, CLASSIC_BORDERS_MS } from './model/histogram.ts'
export type { Attributes, Family, Point } from './metrics/family.ts'
