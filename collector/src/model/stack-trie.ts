/**
 * Stacks that share their outer frames, kept once: a tree from the outermost frame to the innermost, a stack is the number of
 * its innermost node. Nodes count the stacks that go through them and are used again once nobody does, so the tree is as large
 * as what is kept now, whatever it was before. 24 bytes a node.
 */
import type { Frame } from '../protocol/rows.ts'

const NONE = -1
const ROOT = 0
const FIRST_CAPACITY = 256

export class StackTrie {
  #parent = new Int32Array(FIRST_CAPACITY)
  #firstChild = new Int32Array(FIRST_CAPACITY)
  /** The next child of the same parent; for a free node the next free one. */
  #next = new Int32Array(FIRST_CAPACITY)
  #stacks = new Int32Array(FIRST_CAPACITY)
  readonly #frames: (Frame | undefined)[] = [undefined]
  #used = 1
  #free = NONE
  /** Nodes in use, without the root. */
  size = 0

  constructor() {
    this.#firstChild[ROOT] = NONE
    this.#parent[ROOT] = NONE
  }

  /** Frames come innermost first. The same stack gets the same number for as long as it is kept. */
  keep(stack: readonly Frame[]): number {
    let node = ROOT
    for (let i = stack.length - 1; i >= 0; i--) {
      node = this.#child(node, stack[i]!) ?? this.#add(node, stack[i]!)
      this.#stacks[node]!++
    }
    return node
  }

  release(stack: number): void {
    let node = stack
    while (node !== ROOT) {
      const parent = this.#parent[node]!
      if (--this.#stacks[node]! === 0) this.#remove(node, parent)
      node = parent
    }
  }

  /** Innermost first. */
  frames(stack: number): Frame[] {
    const frames: Frame[] = []
    for (let node = stack; node !== ROOT; node = this.#parent[node]!) frames.push(this.#frames[node]!)
    return frames
  }

  get bytes(): number {
    return this.#parent.byteLength * 4 + this.#frames.length * 8
  }

  #child(parent: number, frame: Frame): number | undefined {
    for (let node = this.#firstChild[parent]!; node !== NONE; node = this.#next[node]!) {
      if (isSame(this.#frames[node]!, frame)) return node
    }
    return undefined
  }

  #add(parent: number, frame: Frame): number {
    const node = this.#take()
    this.#parent[node] = parent
    this.#firstChild[node] = NONE
    this.#next[node] = this.#firstChild[parent]!
    this.#firstChild[parent] = node
    this.#stacks[node] = 0
    this.#frames[node] = frame
    this.size++
    return node
  }

  #remove(node: number, parent: number): void {
    let before = this.#firstChild[parent]!
    if (before === node) {
      this.#firstChild[parent] = this.#next[node]!
    } else {
      while (this.#next[before] !== node) before = this.#next[before]!
      this.#next[before] = this.#next[node]!
    }
    this.#frames[node] = undefined
    this.#next[node] = this.#free
    this.#free = node
    this.size--
  }

  #take(): number {
    if (this.#free !== NONE) {
      const node = this.#free
      this.#free = this.#next[node]!
      return node
    }
    if (this.#used === this.#parent.length) {
      this.#parent = grown(this.#parent)
      this.#firstChild = grown(this.#firstChild)
      this.#next = grown(this.#next)
      this.#stacks = grown(this.#stacks)
    }
    return this.#used++
  }
}

function grown(column: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(column.length * 2)
  larger.set(column)
  return larger
}

function isSame(a: Frame, b: Frame): boolean {
  if (a === b) return true
  return (
    a.line === b.line && a.column === b.column && a.function === b.function && a.file === b.file && a.async === b.async
  )
}
