/** Where code is, as short as it stays clear. */
export function place(file: string | null, line: number | null, column: number | null, cwd: string): string {
  if (file === null || file === '') return '-'
  const path = shortPath(file, cwd)
  if (line === null) return path
  return column === null ? `${path}:${line}` : `${path}:${line}:${column}`
}

/** Below the working directory: relative to it. Inside a package: from the package on. Otherwise as it is. */
export function shortPath(file: string, cwd: string): string {
  const path = file.startsWith('file://') ? decode(file.slice('file://'.length)) : file
  if (cwd !== '/' && path.startsWith(`${cwd}/`) && !path.includes('/node_modules/')) return path.slice(cwd.length + 1)
  const packages = path.lastIndexOf('/node_modules/')
  return packages < 0 ? path : path.slice(packages + '/node_modules/'.length)
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
