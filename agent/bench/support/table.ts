/** A table as text: the first column to the left, figures to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd()
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}

/** Three or more digits that mean something: 1234, 56.7, 0.041. */
export function figure(value: number): string {
  const size = Math.abs(value)
  if (size >= 100 || value === 0) return value.toFixed(0)
  return size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toFixed(3)
}

export function range({ low, high }: { low: number; high: number }): string {
  return `${figure(low)}..${figure(high)}`
}
