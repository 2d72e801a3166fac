// The posts that are loaded, kept up by messages of the push server. They stay in memory, so that coming back to the
// page shows them at once. What is older than `edge` belongs to single posts that were opened: between those and the
// list nothing is known.
import { computed, reactive, ref, shallowRef } from 'vue'
import {
  commentPageMax, commentsShown, fetchEarlierComments, fetchNewerComments, fetchNewerPosts, fetchNewestComments,
  fetchPost, fetchPosts, pollPost, pollPosts, postPageSize, postsMax, type CommentsPage, type PostItem,
} from '@/api/stream'
import { plain, type Plain } from '@/lib/errors'
import { on, onReload } from '@/realtime'
import { gather } from '@/state/stream'
import { me } from '@/state/session'
import { toComments, toPost, type Comment, type Post } from './post'

/** More new posts than this at once, and the list begins anew. */
const newerMax = 50
const gatherMs = 150

const posts = reactive(new Map<number, Post>())
/** The oldest post of the list. */
const edge = ref(Infinity)
/** New ones that wait until the reader asks for them. */
const held = reactive(new Set<number>())

const loaded = ref(false)
const loading = ref(false)
const complete = ref(false)
const failure = shallowRef<Plain | null>(null)
/** Somebody reads further down: what is new must not push away what he looks at. */
const reading = ref(false)

const list = computed(() =>
  [...posts.values()].filter((post) => post.id >= edge.value && !held.has(post.id)).sort((a, b) => b.id - a.id),
)
const newest = (): number => Math.max(0, ...[...posts.keys()].filter((id) => id >= edge.value))

function put(item: PostItem): Post {
  const fresh = toPost(item)
  const known = posts.get(fresh.id)
  if (known) Object.assign(known, fresh, fresh.commentCount ? {} : { comments: [] })
  else posts.set(fresh.id, { ...fresh, comments: [] })
  return posts.get(fresh.id)!
}
function forget(id: number): void {
  posts.delete(id)
  held.delete(id)
}

function putComments(post: Post, fresh: Comment[]): void {
  const byId = new Map(post.comments.map((comment) => [comment.id, comment]))
  for (const comment of fresh) {
    const known = byId.get(comment.id)
    if (known) Object.assign(known, comment)
    else byId.set(comment.id, comment)
  }
  post.comments = [...byId.values()].sort((a, b) => a.id - b.id)
}

/** Their newest comments, in one request; as many as are shown already. */
async function loadComments(wanted: Post[]): Promise<void> {
  const some = wanted
    .filter((post) => post.commentCount > 0)
    .map((post) => ({ post: post.id, limit: Math.min(commentPageMax, Math.max(commentsShown, post.comments.length)) }))
  if (!some.length) return
  for (const [id, page] of await fetchNewestComments(some)) {
    const post = posts.get(id)
    if (!post) continue
    const fresh = toComments(page)
    const oldest = Math.min(...fresh.map((comment) => comment.id))
    // Within what the answer covers, what is not in it was deleted.
    post.comments = post.comments.filter((comment) => comment.id < oldest || fresh.some((other) => other.id === comment.id))
    putComments(post, fresh)
  }
}

/** The newest page, for the first time or again after a failure. */
async function open(): Promise<void> {
  listen()
  if (loaded.value || loading.value) return
  loading.value = true
  failure.value = null
  try {
    const items = await fetchPosts()
    const fresh = items.map(put)
    edge.value = Math.min(...fresh.map((post) => post.id), Infinity)
    complete.value = items.length < postPageSize
    await loadComments(fresh)
    loaded.value = true
  } catch (error) {
    failure.value = plain(error)
  } finally {
    loading.value = false
  }
}

async function loadOlder(): Promise<void> {
  if (complete.value || loading.value || !loaded.value) return
  loading.value = true
  try {
    const items = await fetchPosts(Number.isFinite(edge.value) ? edge.value : undefined)
    const fresh = items.map(put)
    await loadComments(fresh)
    edge.value = Math.min(edge.value, ...fresh.map((post) => post.id))
    complete.value = items.length < postPageSize
  } catch {
    // The reader is still near the end: not again at once.
    await new Promise((done) => setTimeout(done, 3000))
  } finally {
    loading.value = false
  }
}

/** One post with a page of its comments. False: it does not exist, or not for this user. */
async function openOne(id: number): Promise<boolean> {
  listen()
  const item = await fetchPost(id)
  if (!item) {
    forget(id)
    return false
  }
  const post = put(item)
  await loadEarlier(post)
  return true
}

async function loadEarlier(post: Post): Promise<void> {
  if (post.comments.length >= post.commentCount) return
  const before = post.comments[0]?.id ?? Number.MAX_SAFE_INTEGER
  putComments(post, toComments(await fetchEarlierComments(post.id, before)))
}

async function loadNewer(): Promise<void> {
  if (!loaded.value) return
  const items = await fetchNewerPosts(newest(), newerMax)
  if (items.length === newerMax) {
    await reload()
    return
  }
  const mine = me.value?.id
  for (const item of items) if (reading.value && Number(item.AUTHOR_ID) !== mine) held.add(Number(item.ID))
  await loadComments(items.map(put))
  // The first post of an empty stream is the list.
  edge.value = Math.min(edge.value, ...items.map((item) => Number(item.ID)))
}

/** Everything that may have changed meanwhile; without the comments where only what is new is wanted. */
async function reload(withComments = true): Promise<void> {
  if (!loaded.value) return
  const before = newest()
  const limit = Math.min(postsMax, Math.max(postPageSize, list.value.length + held.size))
  const items = await pollPosts(limit)
  const ids = new Set(items.map((item) => Number(item.ID)))
  const oldest = Math.min(...ids, Infinity)
  const whole = items.length < limit
  for (const id of [...posts.keys()]) if ((whole || id >= oldest) && !ids.has(id)) forget(id)
  // What lies between the list and this page is not known: it begins anew.
  if (whole || oldest > before) {
    edge.value = oldest
    complete.value = whole
  }
  const counts = new Map([...posts.values()].map((post) => [post.id, post.commentCount]))
  for (const item of items) {
    const id = Number(item.ID)
    if (reading.value && id > before && !posts.has(id) && Number(item.AUTHOR_ID) !== me.value?.id) held.add(id)
    put(item)
  }
  const shown = items.flatMap((item) => posts.get(Number(item.ID)) ?? [])
  await loadComments(withComments ? shown : shown.filter((post) => counts.get(post.id) !== post.commentCount))
}

// News from the push server: numbers only. What they are about is read, together.
let newerWanted = false
let reloadWanted = false
let changedPosts = new Set<number>()
let changedComments = new Map<number, number>()

const catchUp = gather(async () => {
  const [newer, all, changed, comments] = [newerWanted, reloadWanted, changedPosts, changedComments]
  newerWanted = reloadWanted = false
  changedPosts = new Set()
  changedComments = new Map()
  try {
    if (all) await reload()
    else if (newer) await loadNewer()
    for (const id of changed) {
      const item = await pollPost(id)
      if (item) put(item)
      else forget(id)
    }
    for (const [id, from] of comments) {
      const post = posts.get(id)
      if (post) takeNew(post, await fetchNewerComments(id, from - 1))
    }
  } catch (error) {
    newerWanted ||= newer
    reloadWanted ||= all
    for (const id of changed) changedPosts.add(id)
    for (const [id, from] of comments) if (from < (changedComments.get(id) ?? Infinity)) changedComments.set(id, from)
    throw error
  }
}, gatherMs)

/** How many comments there are by now: said with those that are new, which have yet to be read. */
const saidCounts = new Map<number, number>()
function takeNew(post: Post, page: CommentsPage): void {
  putComments(post, toComments(page))
  post.commentCount = saidCounts.get(post.id) ?? post.commentCount
  saidCounts.delete(post.id)
}
/** What was written on the post since. */
async function loadNewComments(id: number): Promise<void> {
  const post = posts.get(id)
  if (!post) return
  takeNew(post, await fetchNewerComments(id, post.comments.at(-1)?.id ?? 0))
}

function wantNewer(): void {
  newerWanted = true
  catchUp()
}
/** The comment and what came behind it. */
function wantComment(post: number, comment: number): void {
  changedComments.set(post, Math.min(comment, changedComments.get(post) ?? Infinity))
  catchUp()
}

interface PostPush {
  POST_ID: number
  AUTHOR_ID: number
}
interface CommentPush extends PostPush {
  COMMENT_ID: number
  NUM_COMMENTS: number
}
interface VotePush {
  ENTITY_TYPE_ID: 'BLOG_POST' | 'BLOG_COMMENT'
  ENTITY_ID: number
  USER_ID: number
  TYPE: 'ADD' | 'CANCEL'
  TOTAL_POSITIVE_VOTES: number
}

function findComment(id: number): Comment | undefined {
  for (const post of posts.values()) {
    const found = post.comments.find((comment) => comment.id === id)
    if (found) return found
  }
  return undefined
}
function onVote(push: VotePush): void {
  const target = push.ENTITY_TYPE_ID === 'BLOG_POST' ? posts.get(push.ENTITY_ID) : findComment(push.ENTITY_ID)
  if (!target) return
  target.likes = push.TOTAL_POSITIVE_VOTES
  if (push.USER_ID === me.value?.id) target.liked = push.TYPE === 'ADD'
}

/** Own ones that are on their way come with their answer: shown twice they would flicker. 0: a post, else a comment on it. */
let isOnItsWay: (post: number) => boolean = () => false
export const expectOwn = (onItsWay: (post: number) => boolean): void => void (isOnItsWay = onItsWay)
const isOwn = (push: PostPush) => push.AUTHOR_ID === me.value?.id

let listening = false

function listen(): void {
  if (listening) return
  listening = true
  const module = 'socialnetwork'
  on<PostPush>(module, 'post_add', (push) => void ((isOwn(push) && isOnItsWay(0)) || wantNewer()))
  on<PostPush>(module, 'post_update', ({ POST_ID }) => {
    // Also one that somebody shared with this user just now.
    if (!posts.has(POST_ID) && POST_ID < edge.value) return
    changedPosts.add(POST_ID)
    catchUp()
  })
  on<PostPush>(module, 'post_delete', ({ POST_ID }) => forget(POST_ID))
  on<CommentPush>(module, 'comment_add', (push) => {
    if (!posts.has(push.POST_ID)) return
    saidCounts.set(push.POST_ID, push.NUM_COMMENTS)
    if (!(isOwn(push) && isOnItsWay(push.POST_ID))) wantComment(push.POST_ID, push.COMMENT_ID)
  })
  on<CommentPush>(module, 'comment_update', (push) => {
    if (findComment(push.COMMENT_ID)) wantComment(push.POST_ID, push.COMMENT_ID)
  })
  on<CommentPush>(module, 'comment_delete', (push) => {
    const post = posts.get(push.POST_ID)
    if (!post) return
    saidCounts.delete(push.POST_ID)
    post.commentCount = push.NUM_COMMENTS
    post.comments = post.comments.filter((comment) => comment.id !== push.COMMENT_ID)
  })
  on<VotePush>('main', 'rating_vote', onVote)
  onReload(() => {
    reloadWanted = true
    catchUp()
  })
}

/** What waited is shown. */
const release = (): void => held.clear()
/** A long list that is left begins short again. */
function shorten(): void {
  release()
  const kept = list.value.slice(0, postPageSize)
  if (kept.length === list.value.length) return
  edge.value = kept.at(-1)!.id
  complete.value = false
  for (const id of [...posts.keys()]) if (id < edge.value) posts.delete(id)
}

export const feed = {
  list, held, loaded, loading, complete, failure, reading,
  open, loadOlder, openOne, loadEarlier, loadNewer, loadNewComments, release, shorten, forget,
  poll: () => reload(false),
  post: (id: number): Post | undefined => posts.get(id),
  /** Puts back what was taken away when the server refuses that. */
  restore: (post: Post): void => void posts.set(post.id, post),
  earlierCount: (post: Post): number => Math.max(0, post.commentCount - post.comments.length),
}
