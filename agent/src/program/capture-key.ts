/** The worker calls the capture by `globalThis[Symbol.for(CAPTURE_KEY)](beat, reason)`. */
export const CAPTURE_KEY = 'loopscope.capture'
