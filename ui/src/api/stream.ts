// The activity stream (REST scope log), in the shapes of the REST answers.
import { quietly } from '@/realtime/quiet'
import { batch, call, read, write, type Command, type Params } from './rest'

export interface PostItem {
  ID: string
  AUTHOR_ID: string
  TITLE: string
  /** "Y": the title is only the beginning of the text. */
  MICRO: 'Y' | 'N'
  DETAIL_TEXT: string
  DATE_PUBLISH: string
  /** "UA" all employees, "U17" a person, "D5" a department, "DR5" with those below it. */
  DEST: string[]
  NUM_COMMENTS: string
  NUM_LIKES: string
  LIKED: 'Y' | 'N'
  IMPORTANT_READ: 'Y' | 'N'
  UF_BLOG_POST_IMPRTNT: { VALUE: string | null }
  FILE_CARDS: StreamFile[]
}

export interface StreamFile {
  id: number
  type: 'image' | 'video' | 'audio' | 'file'
  name: string
  size: number
  urlPreview: string
  urlShow: string
  urlDownload: string
}

export interface CommentItem {
  id: number
  postId: number
  authorId: number
  date: string
  text: string
  likes: number
  liked: boolean
  /** Numbers of files. */
  attach: number[]
}

export interface CommentsPage {
  comments: CommentItem[]
  /** A map made by PHP is a list when it is empty. */
  files: Record<string, StreamFile> | []
}

export const everybody = 'UA'
export const postPageSize = 20
/** How many comments a post shows before somebody asks for more. */
export const commentsShown = 3
export const commentPageSize = 20
export const commentPageMax = 100
/** Of one answer. */
export const postsMax = 200

/** Newest first: those before a post, or the newest of all. */
export const fetchPosts = (before = Number.MAX_SAFE_INTEGER, limit = postPageSize) =>
  read<PostItem[]>('log.blogpost.get', { LAST_ID: before, LIMIT: limit })
export const pollPosts = (limit: number) =>
  quietly<PostItem[]>('log.blogpost.get', { LAST_ID: Number.MAX_SAFE_INTEGER, LIMIT: limit })
/** Oldest first: those behind a post. */
export const fetchNewerPosts = (after: number, limit: number) =>
  quietly<PostItem[]>('log.blogpost.get', { FIRST_ID: after, LIMIT: limit })
export const fetchPost = async (id: number): Promise<PostItem | undefined> => (await read<PostItem[]>('log.blogpost.get', { POST_ID: id }))[0]
export const pollPost = async (id: number): Promise<PostItem | undefined> => (await quietly<PostItem[]>('log.blogpost.get', { POST_ID: id }))[0]

/** What one batch takes. */
const commandsMax = 50

/** The newest comments of several posts, newest first; a post that was removed meanwhile is missing. */
export async function fetchNewestComments(wanted: { post: number; limit: number }[]): Promise<Map<number, CommentsPage>> {
  const found = new Map<number, CommentsPage>()
  for (let at = 0; at < wanted.length; at += commandsMax) {
    const commands = wanted
      .slice(at, at + commandsMax)
      .map(({ post, limit }): [string, Command] => [`p${post}`, ['log.blogcomment.list', { POST_ID: post, LIMIT: limit }]])
    const answer = await batch<Record<string, CommentsPage>>(Object.fromEntries(commands))
    for (const [key, page] of Object.entries(answer)) if (page) found.set(Number(key.slice(1)), page)
  }
  return found
}
export const fetchEarlierComments = (post: number, before: number) =>
  read<CommentsPage>('log.blogcomment.list', { POST_ID: post, LAST_ID: before, LIMIT: commentPageSize })
/** Oldest first. */
export const fetchNewerComments = (post: number, after: number, limit = commentPageMax) =>
  quietly<CommentsPage>('log.blogcomment.list', { POST_ID: post, FIRST_ID: after, LIMIT: limit })

const drive = (files: number[]): string[] => files.map((id) => `n${id}`)

export const addPost = (post: { text: string; dest: string[]; files: number[] }) =>
  write<number>('log.blogpost.add', {
    POST_MESSAGE: post.text,
    DEST: post.dest,
    ...(post.files.length ? { UF_BLOG_POST_FILE: drive(post.files) } : {}),
  })
/** A title of its own stays only when it is named. */
export const updatePost = (id: number, text: string, title: string) =>
  write<number>('log.blogpost.update', { POST_ID: id, POST_MESSAGE: text, ...(title ? { POST_TITLE: title } : {}) })
export const deletePost = (id: number) => write<boolean>('log.blogpost.delete', { POST_ID: id })
export const readImportant = (id: number) => write<boolean>('log.blogpost.important.read', { POST_ID: id })

export const addComment = (post: number, comment: { text: string; files: number[] }) =>
  write<number>('log.blogcomment.add', {
    POST_ID: post,
    TEXT: comment.text,
    ...(comment.files.length ? { UF_BLOG_COMMENT_FILE: drive(comment.files) } : {}),
  })
export const updateComment = (id: number, text: string) => write<boolean>('log.blogcomment.update', { COMMENT_ID: id, TEXT: text })
export const deleteComment = (id: number) => write<boolean>('log.blogcomment.delete', { COMMENT_ID: id })

/** Exactly one of them. */
export type Liked = { POST_ID: number } | { COMMENT_ID: number }
export const setLike = (what: Liked, on: boolean) => write<boolean>(on ? 'log.like.add' : 'log.like.delete', what as Params)
export const fetchLikers = (what: Liked) => read<number[]>('log.like.list', what as Params)

export const fetchFollowing = (post: number) => read<boolean>('log.follow.get', { POST_ID: post })
export const setFollowing = (post: number, follow: boolean) => write<boolean>('log.follow.set', { POST_ID: post, FOLLOW: follow ? 'Y' : 'N' })

export const fetchUnreadPosts = async (): Promise<number> => (await quietly<{ counter: number }>('log.counter.get')).counter
/** How far somebody has looked is worth no patience: the next look tells it again. */
export const clearUnreadPosts = () => quietly<boolean>('log.counter.clear')

export interface Department {
  ID: string
  NAME: string
  PARENT?: string
}

const departmentPagesMax = 20

export async function fetchDepartments(): Promise<Department[]> {
  const all: Department[] = []
  let start: number | undefined = 0
  for (let pages = 0; start !== undefined && pages < departmentPagesMax; pages++) {
    const page: { result: Department[]; next?: number } = await call<Department[]>('department.get', { start })
    all.push(...page.result)
    start = page.next
  }
  return all
}
