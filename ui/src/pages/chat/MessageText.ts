// Shows the text of a message: people as links to their chat, addresses as links that open beside the portal.
import { computed, defineComponent, h, type VNodeChild } from 'vue'
import { RouterLink } from 'vue-router'
import { chatPersonName } from '@/state/chat'
import { me } from '@/state/session'
import { parse, type Node } from './bbcode'

const link = 'break-words text-primary underline underline-offset-2'
const classes: Partial<Record<string, string>> = {
  code: 'rounded bg-accented/70 px-1 py-0.5 font-mono text-[0.85em]',
  blockquote: 'my-1 border-l-2 border-accented pl-2.5 text-muted',
}

function show(node: Node): VNodeChild {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'style':
      return h(node.tag, { class: classes[node.tag] }, node.children.map(show))
    case 'link':
      if (node.url.startsWith('/')) return h(RouterLink, { to: node.url, class: link }, () => node.children.map(show))
      return h('a', { href: node.url, target: '_blank', rel: 'noopener noreferrer', class: link }, node.children.map(show))
    case 'chat':
      return h(RouterLink, { to: `/chat/chat${node.id}`, class: link }, () => node.name)
    case 'user': {
      const name = chatPersonName(node.id) || node.name
      if (node.id === me.value?.id) return h('mark', { class: 'rounded bg-primary/15 px-0.5 font-medium text-highlighted' }, name)
      return h(RouterLink, { to: `/chat/${node.id}`, class: 'font-medium text-primary hover:underline' }, () => name)
    }
  }
}

export default defineComponent({
  props: { text: { type: String, required: true } },
  setup(props) {
    const nodes = computed(() => parse(props.text))
    return () => nodes.value.map(show)
  },
})
