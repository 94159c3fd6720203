import type { MicroBench } from '../support/micro.ts'
import { call } from './call.ts'
import { capture } from './capture.ts'
import { event } from './event.ts'
import { lease } from './lease.ts'
import { memory } from './memory.ts'
import { request } from './request.ts'
import { turn } from './turn.ts'
import { worker } from './worker.ts'

export const MICRO_BENCHES: readonly MicroBench[] = [event, turn, request, worker, lease, call, capture, memory]
