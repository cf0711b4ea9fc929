import type { Context } from 'hono';
import { parse } from '../parse.ts';
import { readJson } from '../read-json.ts';
import type { AppEnv } from '../run.ts';
import { newUploadId, type PresignedUpload, presignRequest, type Uploads, uploadUrl } from './uploads.ts';

const MAX_BODY_BYTES = 4096;

/** `POST /v1/uploads/presign`: where an image goes that is too large for a request's body, and how it is named then. */
export function presign(uploads: Uploads, { newId }: { readonly newId: () => string }) {
  const schema = presignRequest(uploads.maxBytes);
  return async (c: Context<AppEnv>): Promise<Response> => {
    const { bytes, mime_type: type } = parse(schema, await readJson(c.req.raw, MAX_BODY_BYTES));
    const id = newUploadId(newId());
    const { url, headers, expiresAtMs } = await uploads.target(c.var.access.id, id, { bytes, type });
    return c.json({
      id,
      object: 'upload.presigned',
      method: 'PUT',
      url,
      headers: { ...headers },
      expires_at: Math.floor(expiresAtMs / 1000),
      image_url: uploadUrl(id),
    } satisfies PresignedUpload);
  };
}
