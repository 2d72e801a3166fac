// Posts and comments as the page shows them, made from what REST says.
import type { CommentItem, CommentsPage, PostItem } from '@/api/stream'
import type { ShownFile } from '../chat/message'

export interface Post {
  id: number
  authorId: number
  at: string
  /** Empty: it has none of its own. */
  title: string
  text: string
  dest: string[]
  files: ShownFile[]
  likes: number
  liked: boolean
  important: boolean
  importantRead: boolean
  /** All of them; `comments` are those that are loaded, the newest, in their order. */
  commentCount: number
  comments: Comment[]
}

export interface Comment {
  id: number
  postId: number
  authorId: number
  at: string
  text: string
  likes: number
  liked: boolean
  files: ShownFile[]
}

/** Without its comments, which are asked for apart. */
export const toPost = (item: PostItem): Omit<Post, 'comments'> => ({
  id: Number(item.ID),
  authorId: Number(item.AUTHOR_ID),
  at: item.DATE_PUBLISH,
  title: item.MICRO === 'Y' ? '' : item.TITLE,
  text: item.DETAIL_TEXT,
  dest: item.DEST,
  files: item.FILE_CARDS,
  likes: Number(item.NUM_LIKES),
  liked: item.LIKED === 'Y',
  important: item.UF_BLOG_POST_IMPRTNT.VALUE === '1',
  importantRead: item.IMPORTANT_READ === 'Y',
  commentCount: Number(item.NUM_COMMENTS),
})

const toComment = (item: CommentItem, files: Record<string, ShownFile>): Comment => ({
  id: item.id,
  postId: item.postId,
  authorId: item.authorId,
  at: item.date,
  text: item.text,
  likes: item.likes,
  liked: item.liked,
  files: item.attach.flatMap((id) => files[id] ?? []),
})

export function toComments(page: CommentsPage): Comment[] {
  const files = Array.isArray(page.files) ? {} : page.files
  return page.comments.map((item) => toComment(item, files))
}
