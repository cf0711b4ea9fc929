/** Images too large for a request's body: where a client puts them, and where a backend finds them. */
import * as z from 'zod';

export const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'] as const;
export type ImageType = (typeof IMAGE_TYPES)[number];

/** `POST /v1/uploads/presign` */
export const presignRequest = (maxBytes: number) =>
  z.strictObject({
    bytes: z.int().min(1).max(maxBytes).describe('How long the image is. Just so many may be sent.'),
    mime_type: z.enum(IMAGE_TYPES),
  });

export const PresignedUpload = z.object({
  id: z.string(),
  object: z.literal('upload.presigned'),
  method: z.literal('PUT'),
  url: z.url(),
  headers: z.record(z.string(), z.string()).describe('Sent with the image, just as they are.'),
  expires_at: z.int().describe('Until when it may be sent. Unix seconds.'),
  image_url: z.string().describe('What stands in a message for the image.'),
});
export type PresignedUpload = z.infer<typeof PresignedUpload>;

export interface UploadTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAtMs: number;
}

/** A store of images. An id is of one caller: another's is not found. */
export interface Uploads {
  readonly maxBytes: number;
  /** Where the image of that id is sent to, once or several times until it expires: just so many bytes, of that type. */
  target(
    caller: string,
    id: string,
    image: { readonly bytes: number; readonly type: ImageType },
  ): Promise<UploadTarget>;
  /** Where it can be read, for some minutes. */
  source(caller: string, id: string): Promise<string>;
}

const SCHEME = 'upload://';
const ID = /^img-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Nobody can guess it. */
export const newUploadId = (uuid: string): string => `img-${uuid}`;

export const uploadUrl = (id: string): string => SCHEME + id;

/** The id in what stands for an uploaded image. Undefined when it stands for none. */
export function uploadIdOf(url: string): string | undefined {
  if (!url.startsWith(SCHEME)) return undefined;
  const id = url.slice(SCHEME.length);
  return ID.test(id) ? id : undefined;
}
