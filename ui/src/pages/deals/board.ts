// The board's state: columns by stage, pages loaded as they are scrolled to, moves shown before the server has them.
import { computed, reactive, ref, shallowRef, watch, type Ref } from 'vue'
import { batch, type Command, type Params } from '@/api/rest'
import {
  addDeal, dealPageParams, fetchBoard, fetchDeal, fetchDeals, pageSize, updateDeal, type Deal, type Stage,
  type StageSum,
} from '@/api/crm'
import { plain, type Plain } from '@/lib/errors'
import { loadNames, stagesByCategory } from '@/state/crm'
import { useRecordChanges } from '@/realtime/records'
import { onDealNews } from '@/state/deals'
import { account, me } from '@/state/session'

export interface Column {
  stage: Stage
  deals: Deal[]
  count: number
  /** Sums by currency. */
  sums: Record<string, number>
  /** Smallest id loaded so far: the next page is below it. */
  cursor: string | null
  complete: boolean
  loading: boolean
}

/** The server gives one row per stage and currency, and none for an empty stage. */
function totals(rows: StageSum[], stageId: string): Pick<Column, 'count' | 'sums'> {
  const mine = rows.filter((row) => row.STAGE_ID === stageId)
  return {
    count: mine.reduce((count, row) => count + Number(row.COUNT), 0),
    sums: Object.fromEntries(mine.map((row) => [row.CURRENCY_ID, Number(row.SUM)])),
  }
}

export function useBoard(categoryId: Ref<number>, filter: Ref<Params>) {
  const columns = ref<Column[]>([])
  const loading = ref(true)
  const failure = shallowRef<Plain | null>(null)
  let running: AbortController | undefined

  const currency = computed(() => account.value?.currency || 'EUR')
  const column = (stageId: string) => columns.value.find((candidate) => candidate.stage.id === stageId)

  const scope = (stageId?: string): Params => ({
    ...filter.value,
    CATEGORY_ID: categoryId.value,
    ...(stageId ? { STAGE_ID: stageId } : {}),
  })

  async function load() {
    running?.abort()
    const abort = (running = new AbortController())
    loading.value = true
    failure.value = null
    try {
      const stages = stagesByCategory.value[categoryId.value] ?? []
      const pages: Record<string, Command> = {}
      stages.forEach((stage, index) => (pages[`s${index}`] = ['crm.deal.list', dealPageParams(scope(stage.id))]))
      const [sums, first] = await Promise.all([
        fetchBoard(categoryId.value, filter.value, abort.signal),
        batch<Record<string, Deal[]>>(pages, { signal: abort.signal }),
      ])
      columns.value = stages.map((stage, index) => {
        const deals = first[`s${index}`] ?? []
        return {
          stage,
          deals,
          ...totals(sums, stage.id),
          cursor: deals.at(-1)?.ID ?? null,
          complete: deals.length < pageSize,
          loading: false,
        }
      })
      loading.value = false
      void loadNames(columns.value.flatMap((loaded) => loaded.deals))
    } catch (error) {
      if (abort.signal.aborted) return
      failure.value = plain(error)
      loading.value = false
    }
  }

  async function loadMore(target: Column) {
    if (target.loading || target.complete || loading.value) return
    target.loading = true
    try {
      const { result } = await fetchDeals(dealPageParams(scope(target.stage.id), target.cursor ?? undefined), running?.signal)
      const shown = new Set(columns.value.flatMap((loaded) => loaded.deals.map((deal) => deal.ID)))
      target.deals.push(...result.filter((deal) => !shown.has(deal.ID)))
      target.cursor = result.at(-1)?.ID ?? target.cursor
      target.complete = result.length < pageSize
      void loadNames(result)
    } catch {
      // The marker is still in view and asks again as soon as loading ends: not at once.
      await new Promise((done) => setTimeout(done, 5000))
    } finally {
      target.loading = false
    }
  }

  async function refreshSums() {
    const sums = await fetchBoard(categoryId.value, filter.value).catch(() => null)
    if (!sums) return
    for (const target of columns.value) {
      Object.assign(target, totals(sums, target.stage.id))
    }
  }
  let sumsTimer: ReturnType<typeof setTimeout> | undefined
  const refreshSumsSoon = () => {
    clearTimeout(sumsTimer)
    sumsTimer = setTimeout(() => void refreshSums(), 400)
  }

  /** Moves a card on the screen only. */
  function place(deal: Deal, stageId: string, index = 0): void {
    const from = columns.value.find((candidate) => candidate.deals.some((other) => other.ID === deal.ID))
    const to = column(stageId)
    if (!from || !to) return
    const moved = from.deals.splice(from.deals.findIndex((other) => other.ID === deal.ID), 1)[0]!
    to.deals.splice(index, 0, moved)
    if (from === to) return
    moved.STAGE_ID = stageId
    from.count--
    to.count++
    const code = deal.CURRENCY_ID || currency.value
    from.sums[code] = (from.sums[code] ?? 0) - Number(deal.OPPORTUNITY ?? 0)
    to.sums[code] = (to.sums[code] ?? 0) + Number(deal.OPPORTUNITY ?? 0)
  }

  const position = (deal: Deal) => Math.max(0, column(deal.STAGE_ID)?.deals.findIndex((other) => other.ID === deal.ID) ?? 0)

  /** Cards whose move the server does not have yet: what it says of them is older. */
  const moving = new Set<string>()

  /** Tells the server where a card now is; puts it back if the server refuses. */
  async function commit(deal: Deal, origin: { stageId: string; index: number }): Promise<void> {
    moving.add(deal.ID)
    try {
      await updateDeal(deal.ID, { STAGE_ID: deal.STAGE_ID })
      refreshSumsSoon()
    } catch (error) {
      place(deal, origin.stageId, origin.index)
      throw error
    } finally {
      moving.delete(deal.ID)
    }
  }

  async function add(stageId: string, title: string, amount: string): Promise<void> {
    const target = column(stageId)
    if (!target) return
    const fields: Params = {
      TITLE: title, STAGE_ID: stageId, CATEGORY_ID: categoryId.value, CURRENCY_ID: currency.value, ASSIGNED_BY_ID: me.value?.id,
    }
    if (amount) fields.OPPORTUNITY = amount
    const draft = reactive<Deal>({
      ID: `new-${Date.now()}`, TITLE: title, STAGE_ID: stageId, CATEGORY_ID: String(categoryId.value), OPPORTUNITY: amount || '0',
      CURRENCY_ID: currency.value, ASSIGNED_BY_ID: String(me.value?.id ?? ''), CONTACT_ID: null, COMPANY_ID: null, CLOSEDATE: null,
      DATE_CREATE: new Date().toISOString(), SAVING: true,
    })
    target.deals.unshift(draft)
    target.count++
    try {
      const id = await addDeal(fields)
      const fresh = await fetchDeal(id).catch(() => null)
      remove(String(id))  // others may have been told of it sooner, and so were we
      const index = target.deals.findIndex((deal) => deal.ID === draft.ID)
      if (index >= 0) target.deals[index] = fresh ?? { ...draft, ID: String(id), SAVING: undefined }
      refreshSumsSoon()
    } catch (error) {
      target.deals = target.deals.filter((deal) => deal.ID !== draft.ID)
      target.count--
      throw error
    }
  }

  const holderOf = (id: string) => columns.value.find((candidate) => candidate.deals.some((deal) => deal.ID === id))

  function remove(id: string): void {
    const holder = holderOf(id)
    if (holder) holder.deals = holder.deals.filter((deal) => deal.ID !== id)
  }

  function renew(deal: Deal): void {
    const shown = holderOf(deal.ID)?.deals.find((other) => other.ID === deal.ID)
    if (!shown) return
    if (deal.STAGE_ID !== shown.STAGE_ID) place(shown, deal.STAGE_ID)
    Object.assign(shown, deal)
  }

  /** Shows a card that was not there before, unless its place is on a page that is not loaded yet. */
  function insert(deal: Deal): void {
    const target = column(deal.STAGE_ID)
    if (!target || (!target.complete && Number(deal.ID) < Number(target.cursor))) return
    const below = target.deals.findIndex((other) => Number(other.ID) < Number(deal.ID))
    target.deals.splice(below < 0 ? target.deals.length : below, 0, deal)
  }

  onDealNews((news) => {
    if (news.kind === 'deleted') remove(news.id)
    else {
      renew(news.deal)
      void loadNames([news.deal])
    }
    refreshSumsSoon()
  })

  async function refresh(changed: string[]): Promise<void> {
    const { result } = await fetchDeals({ ...dealPageParams({ ...scope(), '@ID': changed }) })
    const fresh = new Map(result.map((deal) => [deal.ID, deal]))
    for (const id of changed.filter((candidate) => !moving.has(candidate))) {
      const deal = fresh.get(id)
      if (!deal) remove(id)
      else if (holderOf(id)) renew(deal)
      else insert(deal)
    }
    void loadNames(result)
  }

  useRecordChanges(
    'crm.deal',
    ({ changed, deleted }) => {
      for (const id of deleted) remove(String(id))
      for (let at = 0; at < changed.length; at += pageSize) {
        // What cannot be read now is read with the next change, or when the board is opened again.
        void refresh(changed.slice(at, at + pageSize).map(String)).catch(() => undefined)
      }
      refreshSumsSoon()
    },
    () => void load(),
  )

  watch([categoryId, filter, stagesByCategory], load, { immediate: true, deep: true })

  return { columns, loading, failure, load, loadMore, place, position, commit, add, column }
}
