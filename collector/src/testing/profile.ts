/** What the sampler saw of the shop of the snapshot in its last minute: 250 samples of 7.1 s of busy time. */
import type { Source } from '../model/collector.ts'
import { HotModel } from '../model/hot.ts'
import { hotRows } from '../model/hot-rows.ts'
import { profileOf, type Profile } from '../model/profile.ts'
import type { Frame } from '../protocol/index.ts'
import { SNAPSHOT_NOW } from './snapshot.ts'

const frame = (name: string, file: string, line: number, async = false): Frame => ({
  function: name,
  file,
  line,
  column: 9,
  async,
})

const router = (...own: Frame[]): Frame[] => [
  ...own,
  frame('handleRequest', 'node_modules/router/lib/layer.js', 152),
  frame('next', 'node_modules/router/lib/route.js', 157),
  frame('app.handle', 'node_modules/express/lib/application.js', 177),
  frame('emit', 'node:events', 508),
  frame('parserOnIncoming', 'node:_http_server', 1185),
]

/** Innermost first, with how many of each 25 samples have it. */
const STACKS: readonly (readonly [number, string | null, Frame[]])[] = [
  [
    12,
    'GET /report',
    [
      frame('pbkdf2Sync', 'node:internal/crypto/pbkdf2', 62),
      frame('hashPassword', 'src/report.ts', 41),
      frame('getReport', 'src/report.ts', 12, true),
    ],
  ],
  [6, 'POST /coupon', router(frame('validateCoupon', 'src/coupon.ts', 12), frame('postCoupon', 'src/coupon.ts', 40))],
  [2, 'GET /cart/:id', router(frame('validateCoupon', 'src/coupon.ts', 12), frame('getCart', 'src/cart.ts', 8))],
  [1, null, [frame('validateCoupon', 'src/coupon.ts', 19), frame('listOnTimeout', 'node:internal/timers', 588)]],
  [4, 'GET /cart/:id', router(frame('stringify', '', 0), frame('getCart', 'src/cart.ts', 17))],
]

/** One sampled second in six; `now` is the end of the minute. */
function sampled(): HotModel {
  const hot = new HotModel()
  for (let part = 0; part < 10; part++) {
    const order = STACKS.flatMap(([times, route, stack]) => Array.from({ length: times }, () => ({ route, stack })))
    order.forEach(({ route, stack }, i) => hot.add(part * 6000 + 100 + i * 30, route, stack))
    hot.read((part + 1) * 6000, 710)
  }
  return hot
}

const MINUTE = 60_000

export function sampledProfile(id = 'shop-api-4242-0', now = SNAPSHOT_NOW, since = now - MINUTE): Profile {
  const epoch = now - MINUTE
  const identity = { id, service: 'shop-api', pid: 4242, thread: 'main', cwd: '/srv/shop', epoch }
  return profileOf(sampled().window(since - epoch), identity)
}

/** What a source says of its samples, as an instance of this process does. */
export function sampledSource(id: string, now: () => number): Required<Pick<Source, 'hotSince' | 'profileSince'>> {
  return {
    hotSince: (since) => hotRows(sampled().window(since - now() + MINUTE), id),
    profileSince: (since) => sampledProfile(id, now(), since),
  }
}
