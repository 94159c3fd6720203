import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import protobuf from 'protobufjs'
import { sampledProfile } from '../testing/profile.ts'
import { SNAPSHOT_NOW } from '../testing/snapshot.ts'
import { pprof } from './pprof.ts'

/** The messages of github.com/google/pprof/blob/main/proto/profile.proto, for a decoder that knows nothing of the writer. */
const PROTO = `
syntax = "proto3";
message Profile {
  repeated ValueType sample_type = 1;
  repeated Sample sample = 2;
  repeated Mapping mapping = 3;
  repeated Location location = 4;
  repeated Function function = 5;
  repeated string string_table = 6;
  int64 drop_frames = 7;
  int64 keep_frames = 8;
  int64 time_nanos = 9;
  int64 duration_nanos = 10;
  ValueType period_type = 11;
  int64 period = 12;
  repeated int64 comment = 13;
  int64 default_sample_type = 14;
}
message ValueType { int64 type = 1; int64 unit = 2; }
message Sample { repeated uint64 location_id = 1; repeated int64 value = 2; repeated Label label = 3; }
message Label { int64 key = 1; int64 str = 2; int64 num = 3; int64 num_unit = 4; }
message Mapping { uint64 id = 1; }
message Location { uint64 id = 1; uint64 mapping_id = 2; uint64 address = 3; repeated Line line = 4; bool is_folded = 5; }
message Line { uint64 function_id = 1; int64 line = 2; int64 column = 3; }
message Function { uint64 id = 1; int64 name = 2; int64 system_name = 3; int64 filename = 4; int64 start_line = 5; }
`

interface Decoded {
  sampleType: { type: number; unit: number }[]
  sample: { locationId: number[]; value: number[]; label: { key: number; str: number }[] }[]
  location: { id: number; line: { functionId: number; line: number; column: number }[] }[]
  function: { id: number; name: number; filename: number }[]
  stringTable: string[]
  timeNanos: number
  durationNanos: number
  period: number
  periodType: { type: number; unit: number }
  defaultSampleType: number
}

const messages = protobuf.parse(PROTO).root.lookupType('Profile')

async function decoded(...ids: string[]): Promise<Decoded> {
  const bytes = gunzipSync(await pprof(ids.map((id) => sampledProfile(id))))
  return messages.toObject(messages.decode(bytes), { longs: Number, defaults: true }) as Decoded
}

/** `function file:line`, innermost first. */
function stackOf(profile: Decoded, sample: Decoded['sample'][number]): string[] {
  return sample.locationId.map((id) => {
    const { functionId, line } = profile.location.find((one) => one.id === id)!.line[0]!
    const { name, filename } = profile.function.find((one) => one.id === functionId)!
    return `${profile.stringTable[name]} ${profile.stringTable[filename]}:${line}`
  })
}

const labelsOf = ({ stringTable }: Decoded, { label }: Decoded['sample'][number]) =>
  Object.fromEntries(label.map(({ key, str }) => [stringTable[key], stringTable[str]]))

test('the sums are those of the samples: count, and ns of the loop', async () => {
  const profile = await decoded('a')
  const text = (place: number) => profile.stringTable[place]
  assert.deepEqual(
    profile.sampleType.map(({ type, unit }) => [text(type), text(unit)]),
    [
      ['samples', 'count'],
      ['loop', 'nanoseconds'],
    ],
  )
  assert.equal(text(profile.defaultSampleType), 'loop')
  assert.equal(profile.stringTable[0], '')
  const sum = (place: number) => profile.sample.reduce((total, { value }) => total + value[place]!, 0)
  assert.equal(sum(0), 250)
  assert.ok(Math.abs(sum(1) - 7.1e9) < 1e3, `${sum(1)} ns`)
  assert.ok(Math.abs(profile.timeNanos / 1e6 - (SNAPSHOT_NOW - 60_000)) < 1000)
  assert.ok(Math.abs(profile.durationNanos - 60e9) < 1e9)
})

test('stacks are innermost first, as pprof has them, with whole paths', async () => {
  const profile = await decoded('a')
  const report = profile.sample.find((sample) => labelsOf(profile, sample).route === 'GET /report')!
  assert.deepEqual(stackOf(profile, report), [
    'pbkdf2Sync node:internal/crypto/pbkdf2:62',
    'hashPassword /srv/shop/src/report.ts:41',
    'async getReport /srv/shop/src/report.ts:12',
  ])
  assert.deepEqual(report.value, [120, Math.round((7.1e9 * 120) / 250)])
})

test('each sample says its route and its instance; what ran in no request has no route', async () => {
  const profile = await decoded('a', 'b')
  const labels = profile.sample.map((sample) => labelsOf(profile, sample))
  assert.deepEqual(labels.slice(0, 4), [
    { instance: 'a', route: 'GET /report' },
    { instance: 'a', route: 'POST /coupon' },
    { instance: 'a', route: 'GET /cart/:id' },
    { instance: 'a' },
  ])
  assert.equal(labels.filter(({ instance }) => instance === 'b').length, labels.length / 2)
})

test('ids are not zero, and whatever is named is there', async () => {
  const profile = await decoded('a', 'b')
  const locations = new Set(profile.location.map(({ id }) => id))
  const functions = new Set(profile.function.map(({ id }) => id))
  assert.equal(locations.size, profile.location.length)
  assert.equal(functions.size, profile.function.length)
  assert.ok(!locations.has(0) && !functions.has(0))
  assert.ok(
    profile.sample.every(({ locationId }) => locationId.length > 0 && locationId.every((id) => locations.has(id))),
  )
  assert.ok(profile.location.every(({ line }) => line.every(({ functionId }) => functions.has(functionId))))
})
