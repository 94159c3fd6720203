// A test file of a user, run by `node --test` under the agent.
import { test } from 'node:test'

test('planted', () => {})
