/**
 * A body's chunks come from native code, in a context that may be another's: `push` is where each enters JavaScript, so what
 * listens to 'data' and 'end' runs for the activity of the message. What nobody has begun to read calls nobody.
 */
import type { Activities, Activity } from '../../program/activity.ts'
import { disguise, type Method } from './patch.ts'

/** `messages`: a prototype that has `push` from Readable; it gets one of its own, in between. */
export function carryBodies<M extends { readonly readableFlowing: boolean | null }>(
  activities: Activities,
  messages: object,
  activityOf: (message: M) => Activity | undefined,
): void {
  const { push } = messages as { push: Method }
  function carried(this: M): unknown {
    const activity = activityOf(this)
    if (activity === undefined || this.readableFlowing === null) return Reflect.apply(push, this, arguments) // eslint-disable-line prefer-rest-params
    return activities.callIn(activity, push, this, arguments) // eslint-disable-line prefer-rest-params
  }
  const value = disguise(carried, push)
  Object.defineProperty(messages, 'push', { value, configurable: true, writable: true, enumerable: false })
}
