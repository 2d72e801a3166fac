// Fails when a text is missing in a language, unused, used but unknown, or has other placeholders or plural forms.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const src = fileURLToPath(new URL('../src', import.meta.url))
const plurals = { en: [2, 3], de: [2, 3], ru: [3] }

const flatten = (tree, prefix = '') =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object' ? flatten(value, `${prefix}${key}.`) : [[prefix + key, value]],
  )
const texts = Object.fromEntries(
  Object.keys(plurals).map((code) => [code, new Map(flatten(JSON.parse(readFileSync(join(src, 'locales', `${code}.json`), 'utf8'))))]),
)
const problems = []

for (const [code, map] of Object.entries(texts)) {
  for (const [key, english] of texts.en) {
    const text = map.get(key)
    if (!text) {
      problems.push(`${code}: ${key} is missing`)
      continue
    }
    const places = (value) => [...new Set(value.match(/\{\w+\}/g) ?? [])].sort().join(' ')
    if (places(text) !== places(english)) problems.push(`${code}: ${key} has other placeholders than English`)
    const forms = text.split(' | ').length
    if (english.includes(' | ') !== forms > 1 || (forms > 1 && !plurals[code].includes(forms))) {
      problems.push(`${code}: ${key} has ${forms} plural forms`)
    }
  }
  for (const key of map.keys()) if (!texts.en.has(key)) problems.push(`${code}: ${key} is not in English`)
}

// A key is used when it stands in the code as a whole, or when a template with a hole, like `tasks.groups.${x}`, matches it.
const used = new Set()
const patterns = []
for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(vue|ts)$/.test(entry.name)) continue
  const file = join(entry.parentPath, entry.name)
  const code = readFileSync(file, 'utf8')
  for (const [, key] of code.matchAll(/['"`]([a-zA-Z]+(?:\.[\w]+)+)['"`]/g)) used.add(key)
  for (const [, key] of code.matchAll(/\bt\(\s*['"]([^'"]+)['"]/g)) {
    if (!texts.en.has(key)) problems.push(`${entry.name}: ${key} is unknown`)
  }
  for (const [, key] of code.matchAll(/`([a-zA-Z]+\.[^`\s]*\$\{[^`]*)`/g)) {
    patterns.push(new RegExp(`^${key.replace(/\$\{[^}]*\}/g, '\u0000').replace(/[.*+?^()|[\]\\]/g, '\\$&').replaceAll('\u0000', '[\\w]+')}$`))
  }
}
for (const key of texts.en.keys()) {
  if (!used.has(key) && !patterns.some((pattern) => pattern.test(key))) problems.push(`${key} is unused`)
}

if (problems.length) {
  console.error(problems.join('\n'))
  process.exit(1)
}
console.log(`${texts.en.size} texts in ${Object.keys(texts).length} languages are complete`)
