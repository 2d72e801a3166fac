// The markup of messages as a tree: bold and its like, links, people. Codes that are not shown lose their brackets, what
// is no code stays as it was written; nothing here ever becomes HTML from a string.
export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'style'; tag: Tag; children: Node[] }
  | { kind: 'link'; url: string; children: Node[] }
  | { kind: 'user'; id: number; name: string }
  | { kind: 'chat'; id: number; name: string }

type Tag = 'strong' | 'em' | 'u' | 's' | 'code' | 'blockquote'
const styles = new Map<string, Tag>([['b', 'strong'], ['i', 'em'], ['u', 'u'], ['s', 's'], ['code', 'code'], ['quote', 'blockquote']])
const dropped = /^(p|list|color|size|font|img|table|tr|td|th|left|right|center|disk|send|put|call|icon|timestamp)$/
const token = /\[(\/?)([a-z]+|\*)((?:=|\s)[^\]]*)?\]|<br\s*\/?>|https?:\/\/[^\s[\]<>"]+/gi
/** Punctuation behind an address belongs to the sentence. */
const tail = /[.,;:!?)\]'"»”]+$/

interface Open {
  name: string
  value: string
  children: Node[]
}

export function parse(text: string): Node[] {
  const root: Open = { name: '', value: '', children: [] }
  const stack: Open[] = [root]
  const top = () => stack[stack.length - 1]!
  const say = (words: string) => {
    const last = top().children.at(-1)
    if (last?.kind === 'text') last.text += words
    else if (words) top().children.push({ kind: 'text', text: words })
  }
  const inCode = () => stack.some((open) => open.name === 'code')
  const close = () => {
    const closed = stack.pop()!
    top().children.push(...build(closed))
  }

  let at = 0
  for (const match of text.matchAll(token)) {
    say(text.slice(at, match.index))
    at = match.index + match[0].length
    const [whole, slash, tag, value = ''] = match
    const name = tag?.toLowerCase()
    if (!name) {
      if (whole.startsWith('<')) say(inCode() ? whole : '\n')
      else at = match.index + address(whole, top().children, stack)
      continue
    }
    if (inCode() && !(slash && name === 'code')) say(whole)
    else if (slash) {
      const index = stack.findLastIndex((open) => open.name === name)
      if (index > 0) while (stack.length > index) close()
      else if (!dropped.test(name) && !styles.has(name)) say(whole)
    } else if (name === 'br') say('\n')
    else if (name === '*') say('• ')
    else if (styles.has(name) || name === 'url' || name === 'user' || name === 'chat') {
      stack.push({ name, value: value.replace(/^[=\s]/, ''), children: [] })
    } else if (!dropped.test(name)) say(whole)
  }
  say(text.slice(at))
  while (stack.length > 1) close()
  return root.children
}

/** Puts a bare address as a link; returns how many characters of it were taken. */
function address(whole: string, children: Node[], stack: Open[]): number {
  const url = whole.replace(tail, '')
  const inLink = stack.some((open) => open.name === 'url' || open.name === 'code')
  if (inLink) children.push({ kind: 'text', text: url })
  else children.push({ kind: 'link', url, children: [{ kind: 'text', text: url }] })
  return url.length
}

function build({ name, value, children }: Open): Node[] {
  const tag = styles.get(name)
  if (tag) return [{ kind: 'style', tag, children }]
  if (name === 'url') {
    const url = safeUrl(value || plain(children))
    return url ? [{ kind: 'link', url, children }] : children
  }
  const id = Number.parseInt(value, 10)
  if (!(id > 0)) return children
  return [{ kind: name as 'user' | 'chat', id, name: plain(children) }]
}

/** Only what leads to a page: never a script. */
function safeUrl(text: string): string {
  if (/^\/(?!\/)/.test(text)) return text
  try {
    const url = new URL(text)
    return /^(https?|mailto|tel):$/.test(url.protocol) ? text : ''
  } catch {
    return ''
  }
}

const plain = (nodes: Node[]): string =>
  nodes.map((node) => (node.kind === 'text' ? node.text : 'children' in node ? plain(node.children) : node.name)).join('')

/** As text alone, to copy it. */
export const toText = (text: string): string => plain(parse(text)).trim()
/** On one line, for lists and quotes. */
export const toPlain = (text: string): string => toText(text).replace(/\s+/g, ' ')
