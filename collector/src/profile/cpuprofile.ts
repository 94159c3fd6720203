/**
 * V8's own format, as Chrome DevTools and editors read it: a tree of call frames, and which of its nodes ran when. A sample
 * runs for the time that it stands for; between two samples the loop is idle as far as it really was.
 *
 * V8 numbers lines and columns from 0 and gives each function once, at its beginning; here a frame is a line, so a function
 * that was seen at two lines is two nodes.
 */
import type { Profile } from '../model/profile.ts'
import type { Frame } from '../protocol/index.ts'
import { fileUrl, frameName } from './frame-name.ts'

interface Node {
  id: number
  callFrame: { functionName: string; scriptId: string; url: string; lineNumber: number; columnNumber: number }
  hitCount: number
  children: number[]
  positionTicks?: { line: number; ticks: number }[]
}

const ROOT = 1
const IDLE = 2

/** One profile is one thread: the format knows no more. */
export function cpuprofile(profile: Profile): string {
  const tree = new Tree(profile)
  const leaves = profile.stacks.map((stack) => tree.leaf(stack.frames))
  const samples: number[] = []
  const timeDeltas: number[] = []
  const startTime = Math.round((profile.timeline.at[0] ?? profile.since) * 1000)
  let before = startTime
  const begin = (node: number, at: number): void => {
    samples.push(node)
    timeDeltas.push(at - before)
    before = at
  }
  let end = startTime
  profile.timeline.stack.forEach((place, i) => {
    const at = Math.round(profile.timeline.at[i]! * 1000)
    if (at > end) begin(IDLE, end)
    end = Math.max(at, end)
    const leaf = leaves[place]!
    begin(leaf, end)
    tree.hit(leaf)
    end += Math.round(profile.timeline.time[i]! * 1000)
  })
  begin(IDLE, end)
  const endTime = Math.max(end, Math.round(profile.until * 1000))
  return JSON.stringify({ nodes: tree.nodes, startTime, endTime, samples, timeDeltas })
}

class Tree {
  readonly nodes: Node[] = []
  readonly #frames: readonly Frame[]
  readonly #callFrames: Node['callFrame'][]
  readonly #places = new Map<string, number>()

  constructor({ frames, cwd }: Profile) {
    this.#frames = frames
    const scripts = new Map<string, string>()
    this.#callFrames = frames.map((frame) => {
      const url = fileUrl(frame.file, cwd)
      if (!scripts.has(url)) scripts.set(url, String(scripts.size + 1))
      // A native frame has no place: V8 says -1.
      const [lineNumber, columnNumber] = frame.file === '' ? [-1, -1] : [frame.line - 1, frame.column - 1]
      const scriptId = frame.file === '' ? '0' : scripts.get(url)!
      return { functionName: frameName(frame), scriptId, url, lineNumber, columnNumber }
    })
    const meta = (functionName: string) => ({ functionName, scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 })
    this.nodes.push({ id: ROOT, callFrame: meta('(root)'), hitCount: 0, children: [IDLE] })
    this.nodes.push({ id: IDLE, callFrame: meta('(idle)'), hitCount: 0, children: [] })
  }

  /** The node of a stack's innermost frame. */
  leaf(stack: readonly number[]): number {
    let node = ROOT
    for (const frame of stack) {
      const key = `${node} ${frame}`
      let child = this.#places.get(key)
      if (child === undefined) {
        child = this.nodes.length + 1
        this.nodes.push({ id: child, callFrame: this.#callFrames[frame]!, hitCount: 0, children: [] })
        this.nodes[node - 1]!.children.push(child)
        this.#places.set(key, child)
        const { line } = this.#frames[frame]!
        if (line > 0) this.nodes[child - 1]!.positionTicks = [{ line, ticks: 0 }]
      }
      node = child
    }
    return node
  }

  hit(id: number): void {
    const node = this.nodes[id - 1]!
    node.hitCount++
    if (node.positionTicks) node.positionTicks[0]!.ticks++
  }
}
