/** Files carry links under the portal's own name; this page may know it under another, and loads only from there. */
export function localUrl(url: string): string {
  if (!url || url.startsWith('blob:')) return url
  try {
    const parsed = new URL(url, location.origin)
    return parsed.pathname.startsWith('/rest/') ? parsed.pathname + parsed.search : url
  } catch {
    return ''
  }
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

/** "2.4 MB" in the reader's language. */
export function fileSize(bytes: number, language: string): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  const options: Intl.NumberFormatOptions = { style: 'unit', unit: units[power], unitDisplay: 'short', maximumFractionDigits: power > 1 ? 1 : 0 }
  return new Intl.NumberFormat(language, options).format(bytes / 1000 ** power)
}
