// Keyboard shortcuts: single keys and "g then letter". Silent while the user types or a dialog is open.
import { onScopeDispose } from 'vue'

export type Shortcuts = Record<string, (event: KeyboardEvent) => void>

const sequenceMs = 900

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

const dialogOpen = (): boolean => document.querySelector('[role=dialog][data-state=open],[role=menu][data-state=open],[role=listbox][data-state=open]') !== null

/** Keys look like "c", "?", "g d", "mod+k". Those with "mod+" work everywhere. */
export function useShortcuts(shortcuts: Shortcuts): void {
  let prefix = ''
  let prefixAt = 0
  const handle = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.repeat || event.altKey) return
    const key = event.key.toLowerCase()
    if (event.ctrlKey || event.metaKey) {
      const action = shortcuts[`mod+${key}`]
      if (action) {
        event.preventDefault()
        action(event)
      }
      return
    }
    if (isTyping(event.target) || dialogOpen()) return
    const sequence = prefix && Date.now() - prefixAt < sequenceMs ? `${prefix} ${key}` : ''
    const action = (sequence && shortcuts[sequence]) || shortcuts[key]
    prefix = ''
    if (action) {
      event.preventDefault()
      action(event)
    } else if (Object.keys(shortcuts).some((name) => name.startsWith(`${key} `))) {
      prefix = key
      prefixAt = Date.now()
    }
  }
  addEventListener('keydown', handle)
  onScopeDispose(() => removeEventListener('keydown', handle))
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform)
export const modKey = isMac ? '⌘' : 'Ctrl'
