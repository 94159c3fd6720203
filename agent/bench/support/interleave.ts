/**
 * Runs the arms of a comparison in turn, round by round, so that a machine that slows down slows all of them. Each round
 * begins with another arm: whoever comes first or last has no lasting advantage.
 */
export type Arms<Name extends string, Result> = Record<Name, () => Result | Promise<Result>>

export async function interleave<Name extends string, Result>(
  rounds: number,
  arms: Arms<Name, Result>,
  onRound: (round: number) => void = () => {},
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(arms) as Name[]
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>
  for (let round = 0; round < rounds; round++) {
    onRound(round)
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length]!
      results[name].push(await arms[name]())
    }
  }
  return results
}
