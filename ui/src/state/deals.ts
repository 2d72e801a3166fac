// Tells the board and the list what the card changed, so that neither has to reload.
import { onScopeDispose } from 'vue'
import type { Deal } from '@/api/crm'

export type DealNews = { kind: 'changed' | 'added'; deal: Deal } | { kind: 'deleted'; id: string }

const listeners = new Set<(news: DealNews) => void>()

export function tellDeal(news: DealNews): void {
  for (const listener of listeners) listener(news)
}

export function onDealNews(listener: (news: DealNews) => void): void {
  listeners.add(listener)
  onScopeDispose(() => listeners.delete(listener))
}
