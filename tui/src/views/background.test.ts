import assert from 'node:assert/strict'
import { test } from 'node:test'
import { screenText } from '../testing/golden.ts'
import { LOOK, watched } from '../testing/scene.ts'
import { screenful } from './screenful.ts'

test('background work shows its rates, and failures that nobody saw where there are any', () => {
  const view = (unhandled: number): string => {
    const state = watched({
      edit: (snapshot) =>
        Object.assign(snapshot.background[0]!, {
          rateIn: 1.5,
          rateOut: 1.3,
          duration: { p50: 1, p99: 9, max: 9 },
          unhandled,
        }),
    })
    return screenText(screenful({ ...state, view: 'tasks' }, { columns: 160, rows: 24 }, LOOK))
  }
  assert.match(view(2), /STARTED +ENDED +IN +OUT +P99 +FAILED +UNSEEN[^\n]*\n.* 1\.5\/s +1\.3\/s +9\.0ms +3 +2 /)
  assert.doesNotMatch(view(0), /UNSEEN/)
})
